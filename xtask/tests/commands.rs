//! The program itself.

use std::process::Command;

/// `cargo xtask` passes them on to this program.
const PASSED_ON: [&str; 4] = ["generate", "charts", "validate", "digests"];

#[test]
fn the_tasks_that_are_passed_on_to_it_exist() {
    let help = Command::new(env!("CARGO_BIN_EXE_xtask")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for task in PASSED_ON {
        let listed = help.lines().any(|line| line.split_whitespace().next() == Some(task));
        assert!(listed, "{task} is not in:\n{help}");
    }
}
