//! The README's example and the script in `examples`, run against the real binary.

use crate::durability::Process;
use crate::support::{bash, example_script, root};

#[tokio::test]
async fn the_example_script_carries_a_dossier_from_submission_to_rating() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let process = Process::start(&data);
    example_script(process.browser.address, &data);
}

#[tokio::test]
async fn the_example_client_carries_a_dossier_with_a_fee_from_submission_to_rating() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let process = Process::start(&data);
    let client = root().join("examples/paid-dossier.py");
    let run = format!("exec python3 '{}'", client.display());
    let printed = bash(&["-c", &run], process.browser.address, &data);
    let last = printed.lines().last().unwrap_or_default();
    assert!(printed.contains("200 POST /v1/ratings/"), "{printed}");
    assert!(last.contains("'completion': 100"), "{printed}");
}

#[tokio::test]
async fn the_readme_s_example_gives_the_answers_that_it_shows() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let process = Process::start(&data);
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let block = readme.split("```sh\n").find(|block| block.starts_with("U=")).unwrap();
    let block = block.split("```").next().unwrap();
    let printed = bash(&["-c", block], process.browser.address, &data);
    let mut left = printed.as_str();
    let shown: Vec<&str> = block.lines().filter_map(|line| line.strip_prefix("# => ")).collect();
    assert_eq!(shown.len(), 5, "{shown:?}");
    for fragment in shown.iter().flat_map(|answer| fragments(answer)) {
        let at = left.find(&fragment);
        assert!(at.is_some(), "{fragment} is not in this place of {printed}");
        left = &left[at.unwrap()..];
    }
}

/// The fields of a response that the README shows: `"name":`, with the value if it is always the
/// same.
fn fragments(answer: &str) -> Vec<String> {
    let fields = answer.split(&[',', '{'][..]).filter(|field| field.starts_with('"'));
    fields
        .map(|field| {
            let (name, value) = field.split_once("\":").unwrap();
            let same = value.starts_with('"') && !value.contains(char::is_numeric);
            let whole = same && value.ends_with('"') && !name.ends_with("document");
            if whole { format!("{name}\":{value}") } else { format!("{name}\":") }
        })
        .collect()
}
