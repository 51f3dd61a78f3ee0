//! The binary `dossier`.

use std::process::ExitCode;

fn main() -> ExitCode {
    standalone::main()
}
