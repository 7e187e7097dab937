"""What holds for every link, to this machine and over ssh."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from zeligui.errors import LinkError, Refused, Unreachable
from zeligui.links import Link
from zeligui.links.link import Library, Script

EVERY_SIGN = "".join(map(chr, range(1, 128))) + bytes(range(128, 256)).decode("utf-8", "surrogateescape")


async def test_a_script_gives_its_output_errors_and_status(link: Link) -> None:
    reply = await link.run("echo out; echo err >&2; exit 3")
    assert (reply.status, reply.output, reply.errors) == (3, b"out\n", b"err\n")


async def test_output_without_a_line_end_stays_as_it_is(link: Link) -> None:
    assert (await link.run("printf abc")).output == b"abc"
    assert (await link.run(":")).output == b""


async def test_every_sign_goes_there_and_back_in_data(link: Link) -> None:
    data = EVERY_SIGN * 2000
    assert (await link.run("cat", data=data)).text == data


async def test_every_sign_stands_unchanged_in_a_script(link: Link) -> None:
    signs = EVERY_SIGN.replace("'", "")
    assert (await link.run(f"printf %s '{signs}'")).text == signs


async def test_data_that_nobody_reads_does_no_harm(link: Link) -> None:
    assert (await link.run("echo done", data="x" * 500_000)).output == b"done\n"
    assert (await link.run("read line; echo $line", data="one\ntwo\n" * 100_000)).output == b"one\n"


async def test_without_data_the_standard_input_is_empty(link: Link) -> None:
    assert (await link.run("cat")).output == b""


async def test_a_nul_is_refused_before_anything_is_sent(link: Link) -> None:
    with pytest.raises(ValueError, match="NUL"):
        await link.run("cat", data="a\0b")
    assert (await link.run("echo fine")).output == b"fine\n"


async def test_what_a_script_does_to_its_shell_ends_with_it(link: Link) -> None:
    await link.run("cd /; x=1; trap 'echo trapped' EXIT; exec 2>/dev/null; umask 0; exit 9")
    assert (await link.run('echo "$x$(pwd)"; umask')).output != b"/\n0000\n"


async def test_a_syntax_error_is_a_status_and_not_the_end(link: Link) -> None:
    reply = await link.run("echo 'unclosed")
    assert reply.status != 0
    assert reply.errors
    assert (await link.run("echo fine")).output == b"fine\n"


async def test_scripts_run_in_the_order_of_the_calls(link: Link, tmp_path: Path) -> None:
    calls = [link.run(f"sleep 0.0{5 - n}; echo {n} >> {tmp_path}/order") for n in range(5)]
    await asyncio.gather(*calls)
    assert (tmp_path / "order").read_text().split() == list("01234")


async def test_the_locale_is_fixed_for_scripts_and_the_login_s_own_is_kept(link: Link) -> None:
    assert (await link.run('echo "$LC_ALL"; sh -c "echo $LC_ALL"')).output == b"C\nC\n"
    assert (await link.run("echo ${login_lc_all-unset}")).output != b"unset\n"


async def test_a_script_that_takes_too_long_is_given_up_and_the_next_one_runs(link: Link) -> None:
    await link.run(":")
    began = time.monotonic()
    with pytest.raises(Unreachable, match="in time"):
        await link.run("sleep 60", limit_s=0.3)
    assert time.monotonic() - began < 1.5
    assert (await link.run("echo fine")).output == b"fine\n"


async def test_a_cancelled_call_leaves_the_shell_in_order(link: Link) -> None:
    await link.run(":")
    task = asyncio.create_task(link.run("sleep 0.3; echo late"))
    await asyncio.sleep(0.1)
    task.cancel()
    assert (await link.run("echo next")).output == b"next\n"


async def test_an_endless_reply_is_cut_off(link: Link) -> None:
    with pytest.raises(LinkError, match="more than 16 MiB"):
        await link.run("yes")
    assert (await link.run("echo fine")).output == b"fine\n"


async def test_much_output_on_both_streams_does_not_block(link: Link) -> None:
    reply = await link.run("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; exit 1")
    assert (reply.status, len(reply.output), len(reply.errors)) == (1, 3_000_000, 3_000_000)


async def test_a_shell_that_is_killed_is_started_anew(link: Link) -> None:
    with pytest.raises(Unreachable, match="middle"):
        await link.run("kill -9 $$")
    assert (await link.run("echo fine")).output == b"fine\n"


async def test_what_scripts_share_is_there_for_each_of_them_and_in_a_new_shell(link: Link) -> None:
    greeting = Library('name=${name:-nobody}\ngreet() { echo "hello $name"; }')
    parting = Library("greet() { echo bye; exit 4; }")
    assert (await link.run(Script(greeting, "name=you\nlibrary\ngreet"))).output == b"hello you\n"
    reply = await link.run(Script(parting, "library\ngreet"))
    assert (reply.status, reply.output) == (4, b"bye\n")
    assert (await link.run(Script(greeting, "library\ngreet"))).output == b"hello nobody\n"
    assert (await link.run("library || greet")).status == 127
    with pytest.raises(LinkError):
        await link.run("kill -9 $$")
    assert (await link.run(Script(greeting, "library\ngreet"))).output == b"hello nobody\n"


async def test_a_stream_gives_lines_as_they_come(link: Link, tmp_path: Path) -> None:
    lines = []
    async for line in link.stream(f"echo first; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; printf 'a\n\nb'"):
        lines.append(line)
        (tmp_path / "go").touch()
    assert lines == [b"first", b"a", b"", b"b"]


async def test_a_stream_reads_its_data(link: Link) -> None:
    data = EVERY_SIGN.replace("\n", "") * 1000 + "\nnext"
    lines = [line.decode("utf-8", "surrogateescape") async for line in link.stream("cat", data=data)]
    assert lines == data.split("\n")


async def test_a_stream_that_fails_says_why(link: Link) -> None:
    with pytest.raises(Refused, match="status 4: no such thing"):
        async for _ in link.stream("echo 'no such thing' >&2; exit 4"):
            pass


async def test_a_line_without_end_is_cut_off(link: Link) -> None:
    with pytest.raises(Refused, match="longer than 1 MiB"):
        async for _ in link.stream("exec cat /dev/zero"):
            pass


async def test_a_stream_that_is_left_ends_there_too(link: Link, tmp_path: Path) -> None:
    stream = link.stream(f"echo $$; while echo x; do sleep 0.05; done; touch {tmp_path}/ended")
    async for _ in stream:
        break
    await stream.aclose()  # type: ignore[attr-defined]
    await asyncio.sleep(0.3)
    assert (await link.run("ps -e -o args= | grep -c '[w]hile echo x'")).output == b"0\n"


async def test_scripts_run_beside_a_stream(link: Link) -> None:
    async for _ in link.stream("while echo x; do sleep 0.05; done"):
        assert (await link.run("echo fine")).output == b"fine\n"
        break


async def test_close_ends_what_is_under_way_and_can_be_repeated(link: Link) -> None:
    await link.run(":")
    script = asyncio.create_task(link.run("sleep 60"))
    stream = asyncio.ensure_future(anext(aiter(link.stream("sleep 60"))))
    await asyncio.sleep(0.3)
    async with asyncio.timeout(3):
        await link.close()
        results = await asyncio.gather(script, stream, return_exceptions=True)
    assert all(isinstance(result, Unreachable) for result in results), results
    await link.close()
    with pytest.raises(Unreachable, match="closed"):
        await link.run(":")


async def test_a_kept_shell_answers_within_10_ms(link: Link) -> None:
    await link.run(":")
    times = []
    for _ in range(50):
        began = time.perf_counter()
        await link.run(":")
        times.append(time.perf_counter() - began)
    assert sorted(times)[25] < 0.010
