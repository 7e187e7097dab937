# Runs one job at a grid site. How it goes is told by the names of empty files in the attempt's folder:
#   started.MS    exit.code.N.MS.CPU    exit.signal.NAME.MS.CPU    exit.error.ERRNO.MS.CPU
# so that a listing of the folder says all, and each is there whole or not at all. Times are in ms, CPU in hundredths.
use strict;
use warnings;
use Config;
use POSIX ();
use Time::HiRes ();

# It is sent in one line: no comment may follow code, and no text may go over a line end.
my ($attempt, $pairs, @order) = @ARGV;
s/%([0-9A-F]{2})/chr hex $1/ge for @order;
my $folder = "$ENV{HOME}/.zeligrid/gram/$attempt";
my $mask = umask 077;
my $path = '';
for my $part (split m{/}, "$folder/work") {
    $path .= "$part/";
    mkdir $path unless -d $path;
}
chdir "$folder/work" or exit 126;
open STDIN, '<', '/dev/null' or exit 126;
open STDOUT, '>', "$folder/stdout" or exit 126;
open STDERR, '>', "$folder/stderr" or exit 126;

sub note {
    open my $file, '>', "$folder/" . join('.', @_) or exit 126;
    close $file;
}

sub now { return int(1000 * Time::HiRes::time()) }

# All processes of the job, those that left its session too: they carry its id in their environment.
sub hunt {
    my ($signal) = @_;
    local $/ = "\0";
    for my $process (glob '/proc/[0-9]*') {
        open my $environment, '<', "$process/environ" or next;
        kill $signal, $process =~ /(\d+)$/ if grep { $_ eq "ZELIGRID_JOB=$attempt\0" } <$environment>;
    }
}

# The site sends TERM, waits for five seconds and kills the group; what has left it would be left.
$SIG{TERM} = sub {
    hunt('TERM');
    return if fork;
    POSIX::setsid();
    $SIG{TERM} = 'IGNORE';
    sleep 5;
    hunt('KILL') for 1 .. 2;
    POSIX::_exit(0);
};

for (1 .. $pairs) {
    my ($name, $value) = split /=/, shift @order, 2;
    $ENV{$name} = $value;
}
$ENV{ZELIGRID_JOB} = $attempt;

pipe my $trouble, my $telling or exit 126;
my $child = fork;
exit 126 unless defined $child;
if (!$child) {
    $SIG{TERM} = 'DEFAULT';
    close $trouble;
    umask $mask;
    no warnings 'exec';
    exec { $order[0] } @order;
    print {$telling} $! + 0;
    close $telling;
    POSIX::_exit(127);
}
close $telling;
note('started', now());
my $error = <$trouble>;
waitpid $child, 0;
my $status = $?;
my @times = times;
my @end = (now(), int(100 * ($times[2] + $times[3])));
if ($error) {
    $! = $error;
    print STDERR "$order[0]: $!\n";
    note('exit', 'error', $error, @end);
    exit 127;
}
if (my $signal = $status & 127) {
    note('exit', 'signal', (split ' ', $Config{sig_name})[$signal], @end);
    kill 'KILL', $$;
}
note('exit', 'code', $status >> 8, @end);
exit $status >> 8;
