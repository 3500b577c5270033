# SPDX-License-Identifier: Apache-2.0
"""A MariaDB by its socket, past the daemon: what tests look at, and what they do to it."""
import contextlib
import subprocess


def client_of(path, database="mykeyv"):
    return ["mariadb", "--no-defaults", f"--socket={path}", "--user=root", "--skip-column-names", "--batch", database]


@contextlib.contextmanager
def transaction(path, statement):
    """The statement has been carried out, and what it locks is locked, until the end of this; then it is rolled back."""
    client = subprocess.Popen([*client_of(path), "--unbuffered"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        client.stdin.write(f"BEGIN; {statement}; SELECT 'done';\n")
        client.stdin.flush()
        assert client.stdout.readline() == "done\n", statement
        yield
    finally:
        client.communicate("ROLLBACK;\n", timeout=60)


def run(path, statement, database="mykeyv"):
    """Rows of the answer, each a list of text."""
    done = subprocess.run([*client_of(path, database), "-e", statement], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]
