use std::collections::BTreeSet;

use super::*;

/// Steps of single dossiers and complaints by their addresses, as the documents of the API have
/// them, with an id or name replaced by `{}`.
fn addresses() -> BTreeSet<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi");
    let mut all = BTreeSet::new();
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    for file in files.filter(|file| file.extension().is_some_and(|name| name == "json")) {
        let text = std::fs::read_to_string(file).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            let is_of_one = path.contains("{dossier}") || path.contains("{complaint}");
            if is_of_one && item.get("post").is_some() {
                all.insert(generic(path));
            }
        }
    }
    all
}

/// An address in which every id, name and number is `{}`.
fn generic(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment {
        "urgent" | "1" => "{}",
        given if given.starts_with('{') => "{}",
        fixed => fixed,
    });
    segments.collect::<Vec<_>>().join("/")
}

#[test]
fn every_step_of_a_dossier_and_of_a_complaint_is_an_action() {
    let tried: BTreeSet<String> = ACTIONS.iter().map(|action| generic(action.path)).collect();
    let all = addresses();
    assert!(all.len() > 40, "{all:?}");
    let missing: Vec<_> = all.difference(&tried).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
