//! The README's lines, as they stand there, against the running binary.

use crate::durability::Process;
use crate::support::readme_lines;

#[tokio::test]
async fn the_lines_of_the_readme_carry_a_dossier_from_submission_to_rating() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let process = Process::start(&data);
    readme_lines(process.browser.address, &data);
}
