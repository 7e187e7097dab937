# Runs one job on its machine and records what becomes of it: what reaper.py does, for machines without python3.
use strict;
use warnings;
use Fcntl qw(O_RDONLY O_WRONLY O_CREAT O_APPEND F_GETFL F_SETFL O_NONBLOCK);
use POSIX qw(setsid _exit dup2 :sys_wait_h);
use Time::HiRes qw(time sleep);

my $FEED = 0.05;    # seconds between two looks for more standard input
my (%order, @arguments, %environment);

sub main {
    my $text = do { local $/; <STDIN> };
    for (split /\n/, $text // '') {
        my ($word, $value, $more) = split / /, $_, 3;
        if    ($word eq 'argument')    { push @arguments, pack 'H*', $value // '' }
        elsif ($word eq 'environment') { $environment{pack 'H*', $value} = pack 'H*', $more // '' }
        elsif ($word eq 'executable')  { $order{executable} = pack 'H*', $value }
        else                           { $order{$word} = $value // 0 }
    }
    if (!exists $order{end}) { print "refused the order was cut\n"; return }
    stay() if @ARGV > 1;
    pipe my $said, my $say or die;
    if (fork) {
        close $say;
        my $heard = <$said>;
        print $heard // "refused the wrapper ended at its start\n";
        return;
    }
    chdir $ARGV[0] or _exit(1);
    detach($say);
    run() if claim($say) && may_go();
    _exit(0);
}

# Be what a batch system started: TERM from it ends a job that is to be canceled in order, and no other. USR1 halts the
# job or lets it go on: what the system stops by itself may be no more than this wrapper.
sub stay {
    chdir $ARGV[0] or _exit(1);
    $SIG{TERM} = \&obey;
    $SIG{USR1} = sub { kill_all('settle') };
    $order{umask} = umask 077;
    open my $say, '>&', \*STDOUT or _exit(1);
    run() if claim($say) && may_go();
    record('go', '') if !-e 'told';    # the order, which has secrets, lay in it
    my ($end) = map { /^exit\.(sig\w+|\d+)$/ } glob 'exit.*';
    if (($end // '') =~ /^sig(.+)/) {
        $SIG{$1} = 'DEFAULT' if $1 !~ /^(KILL|STOP|\d+)$/;
        kill $1, $$;
    }
    _exit(defined $end && $end =~ /^\d+$/ ? $end : -e 'go.late' ? 0 : 127);
}

# End the job in order, with the grace that its cancel was given. Else it may be that it is to begin anew.
sub obey { -e 'cancel' ? kill_all((split ' ', content('grace'))[0]) : record('told', '') }

sub detach {
    my ($say) = @_;
    setsid();
    $SIG{HUP} = 'IGNORE';
    $order{umask} = umask 077;
    open STDIN,  '<', '/dev/null';
    open STDOUT, '>', '/dev/null';
    open STDERR, '>', '/dev/null';
    opendir my $open, '/proc/self/fd' or return;
    for my $other (grep { /^\d+$/ && $_ > 2 && $_ != fileno $say } readdir $open) {
        POSIX::close($other) if $other != fileno $open;
    }
}

# Become the wrapper of this directory, the only one: a private file, hard-linked to the name, read back.
sub claim {
    my ($say) = @_;
    my $mine = "$$ " . start_time($$);
    my $answer = "refused the wrapper could not be recorded: ";
    if (record(".wrapper.$$", $mine)) {
        link ".wrapper.$$", 'wrapper';
        unlink ".wrapper.$$";
        $answer = content('wrapper') eq "$mine end\n" ? 'ready' : 'refused another wrapper was first';
    } else { $answer .= $! }
    syswrite $say, "$answer\n";
    close $say;
    return $answer eq 'ready';
}

# Wait for `go`. At the limit nobody may start this job any more, and what was staged is removed.
sub may_go {
    my $begun = uptime();
    while (!-e 'go') {
        my $waited = uptime() - $begun;
        rename 'go.pending', 'go.late' if $waited > $order{limit};
        last if !-e 'go.pending';
        sleep($waited < 10 ? 0.01 : 0.1);
    }
    return 1 if -e 'go';
    system 'rm', '-rf', 'work' if -e 'go.late';
    return 0;
}

sub run {
    my $feed;
    $SIG{CHLD} = sub { };
    my $how = O_WRONLY | O_CREAT | O_APPEND;
    sysopen(my $out, 'stdout', $how, 0600) && sysopen(my $err, 'stderr', $how, 0600) or return fail("$!");
    my $stdin;
    if ($order{interactive} > 0) { pipe $stdin, $feed or return fail("$!") }
    else                         { open $stdin, '<', '/dev/null' or return fail("$!") }
    pipe my $gate,   my $open_gate or return fail("$!");
    pipe my $failed, my $fail_with or return fail("$!");
    my $job = fork;
    return fail("$!") if !defined $job;
    if (!$job) {
        close $open_gate;
        setsid();
        become($fail_with, $stdin, $out, $err) if sysread $gate, my $opened, 1;
        _exit(127);
    }
    close $_ for $out, $err, $stdin, $gate, $fail_with;
    my $recorded = record('pid', sprintf '%d %s %.3f', $job, start_time($job), time);
    my $trouble = "$!";
    if    (-e 'cancel') { rename 'exit.pending', 'exit.killed' }
    elsif ($recorded)   { syswrite $open_gate, '!' }
    close $open_gate;
    my $reason = <$failed>;
    if (!$recorded || defined $reason) {
        waitpid $job, 0;
        return fail($recorded ? "$order{executable}: $reason" : $trouble);
    }
    kill_all('settle') if -e 'suspended';    # while it was about to start
    watch($job, $feed);
}

# In the child: turn into the job, with signals, umask, directory and streams as a job expects them.
sub become {
    my ($fail_with, @streams) = @_;
    $SIG{$_} = 'DEFAULT' for grep { !/^(KILL|STOP|NUM\d+|__.*|ZERO)$/ } keys %SIG;
    umask $order{umask};
    dup2(fileno $streams[$_], $_) for 0 .. 2;
    if (chdir 'work') {
        $ENV{$_} = $environment{$_} for keys %environment;
        no warnings 'exec';
        exec { $order{executable} } $order{executable}, @arguments;
    }
    syswrite $fail_with, "$!";
}

# Until the job has ended: feed its standard input, and end it when the fence runs out.
sub watch {
    my ($job, $feed) = @_;
    my ($spool, $rest, $fence, $touched, $since) = (undef, '', $order{fence}, '', uptime());
    if ($feed) {
        sysopen $spool, 'stdin', O_RDONLY or close $feed;
        fcntl $feed, F_SETFL, fcntl($feed, F_GETFL, 0) | O_NONBLOCK;
        $SIG{PIPE} = 'IGNORE';
    }
    while (1) {
        # Without spool and fence it sleeps in wait itself, so no ending is missed between a look and a sleep.
        my $pid = waitpid -1, $spool || $fence > 0 ? WNOHANG : 0;
        return verdict($?) if $pid == $job;
        next if $pid < 0 && $!{EINTR};
        return if $pid < 0;
        if ($spool && !feed($feed, $spool, \$rest)) { close $spool; close $feed; $spool = undef }
        if ($fence > 0) {
            my $seen = (Time::HiRes::stat('fence'))[9] // '';
            ($touched, $since) = ($seen, uptime()) if $seen ne $touched;
            if (uptime() - $since > $fence) { $fence = 0; rename 'fenced.pending', 'fenced'; kill_all() }
        }
        sleep($spool || $fence < 4 ? $FEED : 1) if $pid == 0;
    }
}

# Hand over what there is; false once all was, or the job reads no more.
sub feed {
    my ($pipe, $spool, $rest) = @_;
    my $last = -e 'stdin.end';    # asked before reading: what was sent stands before the mark
    while (length $$rest || sysread $spool, $$rest, 65536) {
        my $written = syswrite $pipe, $$rest;
        return $!{EAGAIN} if !defined $written;
        substr $$rest, 0, $written, '';
    }
    return !$last;
}

sub verdict {
    my ($status) = @_;
    my (undef, undef, $user, $system) = times;
    record('usage', sprintf '%.3f %.3f -', time, $user + $system);
    my $number = $status & 127;
    my @name = split ' ', do { require Config; $Config::Config{sig_name} };
    rename 'exit.pending', $number ? 'exit.sig' . ($name[$number] // $number) : 'exit.' . ($status >> 8);
}

# Start the killer, which takes all processes of the job, in a session of its own; the grace in 1/100 s.
sub kill_all {
    my $grace = shift // '1000';
    return if fork;
    setsid();
    exec '/bin/sh', 'killer', $grace or _exit(127) if -e 'killer';
    exec '/bin/sh', '-c', content($0 =~ s/[^\/]*$/killer/r), './killer', $grace or _exit(127);
}

sub fail {
    my ($reason) = @_;
    $reason =~ s/\s+/ /g;
    record('reason', $reason);
    rename 'exit.pending', 'exit.error';
}

# Write a state file, seen under its name only when it is whole.
sub record {
    my ($name, $text) = @_;
    my $private = ".$name.$$";
    open my $file, '>', $private or return 0;
    print $file "$text end\n";
    return close($file) && rename $private, $name;
}

sub content {
    my ($name) = @_;
    open my $file, '<', $name or return '';
    local $/;
    return <$file> // '';
}

# When a process started, in ticks since boot: with its id it is what tells it from all others.
sub start_time { my ($pid) = @_; return (split ' ', content("/proc/$pid/stat") =~ s/.*\) //sr)[19] }

# Seconds since boot, the machine's sleep included.
sub uptime { return (split ' ', content('/proc/uptime'))[0] }

main();
