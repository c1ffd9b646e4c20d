import shutil
import subprocess

import pytest


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_all_commands_and_options(fathom, shell):
    told = fathom("completion", shell)
    assert told.returncode == 0
    for word in ("study", "playground", "learning-rates", "match-parameters"):
        assert word in told.stdout


def test_bash_takes_the_script_and_completes_a_command(fathom, tmp_path):
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    script = tmp_path / "fathom.bash"
    script.write_text(fathom("completion", "bash").stdout)
    asked = (
        f"source {script}; COMP_WORDS=(fathom stu); COMP_CWORD=1; "
        "$(complete -p fathom | sed 's/.*-F \\([^ ]*\\).*/\\1/') fathom stu fathom; "
        "echo ${COMPREPLY[@]}"
    )
    done = subprocess.run([bash, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["study"]


def test_an_unknown_shell_is_refused_with_those_there_are(fathom):
    told = fathom("completion", "tcsh")
    assert told.returncode == 2
    assert "bash" in told.stderr
