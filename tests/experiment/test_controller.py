"""An application kept in its contract, on the embedded grid, driven through `zeligrid run`."""

import json
import signal

import pytest

from tests.experiment.driving import Bench, until
from zeligui.testbed.grid import Grid

ANY = "[any]\nosName = Linux\n"
IDLE = "[idle]\ncpuAvail > 0.6\n"
TWO = "[good]\ncpuAvail > 0.6\n[poor]\ncpuAvail > 0.2\n"


def test_a_job_is_placed_runs_and_its_files_come_home(bench: Bench) -> None:
    bench.write(ANY)
    with bench.run() as run:
        assert run.end() == 0
        kinds = [kind for kind in run.kinds() if kind != "output"]
        assert kinds == ["matched", "placed", "running", "done", "finished"], run.told()
        done = run.wait_for("done")
        assert (done["exit_code"], done["signal"]) == (0, None)
        assert run.wait_for("output")["text"].startswith("at 0.0\n")
        assert run.wait_for("finished")["counts"] == {"done": 1, "failed": 0, "canceled": 0}
    assert (bench.results() / "result.txt").read_text() == "instance 1\n"
    assert (bench.results() / "stdout").read_text() == "at 0.0\n"
    assert bench.witnessed() == [["start", "1", "0", "0.0"], ["end", "1", "0", "2.0"]]


def test_after_finished_it_is_a_new_run(bench: Bench) -> None:
    bench.write(ANY, seconds=0.1)
    for _ in range(2):
        with bench.run("node1.grid") as run:
            assert run.end() == 0
            assert run.kinds().count("placed") == 1
    assert [what for what, *_ in bench.witnessed()] == ["start", "end"] * 2


def test_load_moves_the_job_with_its_checkpoint(bench: Bench, grid: Grid) -> None:
    bench.write(IDLE, seconds=8)
    with bench.run("node1.grid", "node3.grid") as run:  # on two processors: what passes by violates nothing
        first = run.wait_for("running")["host"]
        other = {"node1.grid": "node3.grid", "node3.grid": "node1.grid"}[first]
        grid.command("load", first, cpu=6, memory=0, seconds=60)
        violated = run.wait_for("violated")
        assert violated["host"] == first
        assert "cpuAvail > 0.6" in violated["reason"]
        assert run.wait_for("relocating")["host"] == first
        assert run.wait_for("relocated")["host"] == other
        assert run.end() == 0
        starts = [entry for entry in bench.witnessed() if entry[0] == "start"]
        assert [restart for _, _, restart, _ in starts] == ["0", "1"], run.told()
    assert float(starts[1][3]) > 0, "it went on from its checkpoint"
    assert not [entry for entry in bench.witnessed() if entry[0] == "double"]


def test_a_job_that_computes_does_not_violate_its_own_contract(bench: Bench) -> None:
    spin = "import time\nend = time.time() + 6\nwhile time.time() < end: pass\n"
    (bench.folder / "spin.py").write_text(spin)
    bench.write(
        "[idle]\ncpuAvail > 0.9\n", job={"arguments": ["spin.py"], "input": ["spin.py"], "output": [], "checkpoint": []}
    )
    with bench.run("node2.grid") as run:
        assert run.end() == 0
        assert "violated" not in run.kinds(), run.told()


def test_without_another_machine_it_degrades_and_rises_again(bench: Bench, grid: Grid) -> None:
    bench.write(TWO, seconds=60)
    with bench.run("node1.grid") as run:
        run.wait_for("running")
        grid.command("load", "node1.grid", cpu=3, memory=0, seconds=60)
        assert run.wait_for("degraded")["profile"] == "poor"
        grid.command("load", "node1.grid", cpu=0, memory=0, seconds=60)
        assert run.wait_for("promoted")["profile"] == "good"
        assert "relocating" not in run.kinds()
        run.signal(signal.SIGINT)
        assert run.end() == 130
    assert bench.zeligrid("job", "cancel", "trial/1").returncode == 0


def test_it_is_held_and_resumes_where_it_stood(bench: Bench, grid: Grid) -> None:
    bench.write(IDLE, seconds=6)
    with bench.run("node1.grid") as run:
        run.wait_for("running")
        grid.command("load", "node1.grid", cpu=6, memory=0, seconds=60)
        assert run.wait_for("held")["profile"] is None
        until(lambda: any(entry[0] == "stop" for entry in bench.witnessed()))
        grid.command("load", "node1.grid", cpu=0, memory=0, seconds=60)
        run.wait_for("resumed")
        assert run.end() == 0
    assert [entry[0] for entry in bench.witnessed()] == ["start", "stop", "start", "end"]


def test_without_apt_hosts_it_waits_and_names_the_nearest_misses(bench: Bench) -> None:
    bench.write("[fast]\ncpuSpeed > 90 GHz\n")
    with bench.run("node1.grid", "node2.grid") as run:
        reason = run.wait_for("held")["reason"]
        assert "node1.grid" in reason
        assert "cpuSpeed > 90 GHz" in reason
        run.signal(signal.SIGTERM)
        assert run.end() == 130
    assert bench.witnessed() == []


def test_a_lost_host_is_replaced_and_owed_its_cancel(bench: Bench, grid: Grid) -> None:
    bench.write(ANY, seconds=8)
    with bench.run("node3.grid", "node4.grid") as run:
        first = run.wait_for("running")["host"]
        grid.command("cut", first)
        run.wait_for("unverified")
        assert run.wait_for("lost")["host"] == first
        assert "starts over" in run.wait_for("restarted")["reason"]
        second = run.wait_for("relocated")["host"]
        assert second != first
        grid.command("heal", first)
        run.end()


def test_a_host_that_was_powered_off_lost_its_job(bench: Bench, grid: Grid) -> None:
    bench.write(ANY, seconds=4)
    with bench.run("node3.grid", "node4.grid") as run:
        first = run.wait_for("running")["host"]
        until(lambda: bool(bench.witnessed()))
        grid.command("stop", first)
        assert run.wait_for("relocated")["host"] != first
        assert run.end() == 0
    assert [entry[0] for entry in bench.witnessed()] == ["start", "start", "end"]


def test_instances_go_to_distinct_hosts_all_or_none(bench: Bench) -> None:
    bench.write(ANY, job={"instances": 3})
    with bench.run() as run:
        assert run.end() == 0
        hosts = [event["host"] for event in run.events if event["event"] == "placed"]
        assert len(set(hosts)) == 3
    with bench.run("node1.grid", "node2.grid") as run:
        assert "3" in run.wait_for("held")["reason"]
        assert "placed" not in run.kinds()


@pytest.mark.parametrize(
    ("executable", "arguments", "code", "name"),
    [("/bin/sh", ["-c", "exit 3"], 3, None), ("/bin/sh", ["-c", "kill -9 $$"], None, "SIGKILL")],
)
def test_a_failed_job_says_how(
    bench: Bench, executable: str, arguments: list[str], code: int | None, name: str | None
) -> None:
    bench.write(ANY, job={"executable": executable, "arguments": arguments, "input": [], "output": []})
    with bench.run("node1.grid") as run:
        assert run.end() == 1
        failed = run.wait_for("failed")
        assert (failed["exit_code"], failed["signal"]) == (code, name)
        assert run.wait_for("finished")["counts"]["failed"] == 1
        assert "set_aside" not in run.kinds(), "one failure is not yet the machine's fault"


def test_a_machine_on_which_jobs_keep_failing_is_set_aside_for_a_growing_time(bench: Bench) -> None:
    failing = {"executable": "/bin/false", "arguments": [], "input": [], "output": [], "checkpoint": []}
    bench.write(ANY, job=failing, reconfiguration={"restart_finished": True})
    with bench.run("node1.grid") as run:
        assert "for 10 s" in run.wait_for("set_aside")["reason"]
        assert "node1.grid" in run.wait_for("held")["reason"]
        assert "for 20 s" in run.wait_for("set_aside", count=2)["reason"]
        run.signal(signal.SIGINT)
        run.end()


def test_an_executable_that_does_not_exist_is_the_reason(bench: Bench) -> None:
    bench.write(ANY, job={"executable": "/no/such/program", "arguments": [], "input": [], "output": []})
    with bench.run("node1.grid") as run:
        assert run.end() == 1
        assert "/no/such/program" in run.wait_for("failed")["reason"]


def test_a_cancel_by_another_process_is_final(bench: Bench) -> None:
    bench.write(ANY, seconds=60, reconfiguration={"restart_finished": True})
    with bench.run("node1.grid") as run:
        job = run.wait_for("running")["job"]
        assert bench.zeligrid("job", "cancel", job).returncode == 0
        run.wait_for("canceled")
        assert run.end() == 1
        assert "restarted" not in run.kinds()
    assert [entry[0] for entry in bench.witnessed()] == ["start", "stop"]


def test_a_second_master_is_refused_and_so_is_an_edited_file(bench: Bench) -> None:
    file = bench.write(ANY, seconds=60)
    with bench.run("node1.grid") as run:
        run.wait_for("running")
        with bench.run("node1.grid") as second:
            assert second.end() == 2
            assert "driven by" in second.told()
        run.signal(signal.SIGINT)
        assert run.end() == 130
    file.write_text(file.read_text() + "\n# edited\n")
    with bench.run("node1.grid") as third:
        assert third.end() == 2
        assert "edited" in third.told()
    assert bench.zeligrid("job", "cancel", "trial/1").returncode == 0


def test_what_has_not_begun_to_run_may_still_be_edited(bench: Bench) -> None:
    bench.write("[p]\nosName = Plan9\n", seconds=0)
    with bench.run("node1.grid") as run:
        run.wait_for("held")
        run.signal(signal.SIGINT)
        assert run.end() == 130
    bench.write(ANY, seconds=0)
    with bench.run("node1.grid") as again:
        again.wait_for("done")
        assert again.end() == 0


def test_interrupted_it_goes_on_and_is_found_again(bench: Bench) -> None:
    bench.write(ANY, seconds=12)
    with bench.run("node1.grid") as run:
        run.wait_for("running")
        run.signal(signal.SIGINT)
        assert run.end() == 130
    with bench.run("node1.grid") as again:
        assert again.end() == 0
        assert again.wait_for("running")["reason"] == "found again"
        assert "placed" not in again.kinds()
    assert [entry[0] for entry in bench.witnessed()] == ["start", "end"]


def test_interrupted_with_stop_it_ends_its_jobs(bench: Bench) -> None:
    bench.write(ANY, seconds=60)
    with bench.run("node1.grid", arguments=("--stop",)) as run:
        run.wait_for("running")
        run.signal(signal.SIGINT)
        assert run.end() == 130
    assert [entry[0] for entry in bench.witnessed()] == ["start", "stop"]


def test_odd_arguments_and_environment_arrive_unchanged(bench: Bench) -> None:
    odd = ["a b", "it's", '"q"', "$(id)", "line\nbreak", "`x`", "*", "-n", ""]
    script = "import json, os, sys\nprint(json.dumps([sys.argv[1:], os.environ['ODD']]))\n"
    (bench.folder / "echo me.py").write_text(script)
    bench.write(
        ANY,
        job={
            "arguments": ["echo me.py", *odd],
            "input": ["echo me.py"],
            "environment": {"ODD": "x\n$(y) 'z'"},
            "output": [],
        },
    )
    with bench.run("node1.grid") as run:
        assert run.end() == 0
        assert json.loads(run.wait_for("output")["text"]) == [odd, "x\n$(y) 'z'"]
