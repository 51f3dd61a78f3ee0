//! The README's lines, as they stand there, against the running binary.

use std::path::Path;
use std::process::Command;

use crate::durability::Process;

#[tokio::test]
async fn the_lines_of_the_readme_carry_a_dossier_from_submission_to_rating() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let lines = readme.split("```sh\n").find(|block| block.starts_with("U=")).unwrap();
    let lines = lines.split("```").next().unwrap();
    assert!(lines.matches("\nstep ").count() >= 7, "the README has lost its steps");
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let process = Process::start(&data);
    let shell = Command::new("bash")
        .args(["-euo", "pipefail", "-c", lines])
        .current_dir(folder.path())
        .env("U", format!("http://{}", process.browser.address))
        .env("D", env!("CARGO_BIN_EXE_dossier"))
        .env("DOSSIER_DATA", &data)
        .output()
        .unwrap();
    let (out, err) =
        (String::from_utf8_lossy(&shell.stdout), String::from_utf8_lossy(&shell.stderr));
    assert!(shell.status.success(), "{out}\n{err}");
    assert!(out.contains("\"score\":5"), "{out}\n{err}");
    assert!(out.trim_end().ends_with("\"completion\":100}"), "{out}\n{err}");
}
