//! The double as a program.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead, BufReader, Lines};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eventstoredb-double"));
    command.args(arguments);
    command
}

/// One that runs, and what it says; it ends with the test.
struct Running(Child, Lines<BufReader<ChildStdout>>);

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = program(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        Self(child, said)
    }

    fn says(&mut self) -> String {
        self.1.next().unwrap().unwrap()
    }

    /// Where its next server listens.
    fn address(&mut self) -> String {
        let said = self.says();
        let address = said.strip_prefix("listens at esdb://").unwrap().split('?').next().unwrap();
        address.rsplit('@').next().unwrap().to_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn it_says_where_it_listens_and_listens_there_until_it_is_ended() {
    let two = ["--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--foreign", "1000"];
    let mut running = Running::start(&two);
    let addresses = [running.address(), running.address()];
    for address in &addresses {
        TcpStream::connect(address).unwrap();
    }
    drop(running);
    for address in &addresses {
        assert!(TcpStream::connect(address).is_err(), "{address}");
    }
}

#[test]
fn its_faults_end_when_it_was_told_to_end_them() {
    let frozen = ["--listen", "127.0.0.1:0", "--frozen", "--no-leader", "--users-unwritten"];
    let mut running = Running::start(&[&frozen[..], &["--faults-end-after", "0"]].concat());
    TcpStream::connect(running.address()).unwrap();
    assert_eq!(running.says(), "nothing is wrong any more");
}

#[test]
fn what_it_cannot_do_it_says_before_it_listens() {
    let ended = |arguments: &[&str]| -> Output { program(arguments).output().unwrap() };
    for (arguments, why) in [
        (&["--certificate", "none.pem"][..], "--key"),
        (&["--certificate", "/none/there.pem", "--key", "/none/there.pem"], "/none/there.pem"),
        (&["--listen", "127.0.0.1:0", "--user", "admin"], "NAME:PASSWORD"),
        (&["--no-leader", "--no-quorum"], "cannot be used with"),
    ] {
        let ended = ended(arguments);
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(!ended.status.success() && said.contains(why), "{arguments:?}: {said}");
        assert!(ended.stdout.is_empty());
    }
    let help = String::from_utf8(ended(&["--help"]).stdout).unwrap();
    for flag in ["--listen", "--advertise", "--certificate", "--frozen", "--no-quorum"] {
        assert!(help.contains(flag), "{flag}");
    }
}
