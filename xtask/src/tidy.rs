//! Tests of style and structure.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use dossier::services::ServiceName;

use crate::generate::{Placed, root, steps};

const LINES_MAX: usize = 500;
const DRAWERS: [&str; 5] = ["utils", "helpers", "misc", "manager", "base"];

/// Permitted dependencies between packages, besides those of the services, which are `SERVICE`, and
/// of the packages that may depend on all. A package that is not listed may depend on no other of
/// the workspace.
const ARROWS: &[(&str, &[&str])] = &[
    ("dossier", &["calendar", "papers"]),
    // For its tests.
    ("events", &["eventstoredb-double"]),
    ("outbox", &["events", "partners", "platform"]),
    ("platform", &[]),
    ("engine", &["calendar", "dossier", "events", "platform"]),
    ("documents", &["calendar", "dossier", "engine", "events", "platform"]),
    ("web", &["calendar", "documents", "dossier", "engine", "events", "platform"]),
    ("tasks", &["cluster"]),
    // To measure the store alone; otherwise it uses HTTP only.
    ("loadtest", &["cluster", "dossier-client", "events"]),
    ("simulation", SIMULATION),
];
/// What a service may use.
const SERVICE: &[&str] =
    &["documents", "dossier", "engine", "events", "outbox", "partners", "platform", "web"];
const SIMULATION: &[&str] =
    &["documents", "dossier", "engine", "events", "platform", "program", "web"];
/// Packages that may depend on all others.
const WHOLE: [&str; 2] = ["program", "xtask"];
/// Third-party packages that the pure crates may use.
const PURE: &[&str] = &[
    "icu_properties",
    "jiff",
    "serde",
    "serde_json",
    "serde_path_to_error",
    "serde_yaml_ng",
    "thiserror",
    "unicode-normalization",
    "utoipa",
    "uuid",
    "schemars",
];

/// Third-party packages that only papers may use besides them: for digests, fonts and PDF.
const PRINTING: &[&str] = &["miniz_oxide", "pdf-writer", "qrcodegen", "sha2", "ttf-parser"];

/// Those that only partners may use: for signatures, statements and addresses.
const PARTNERING: &[&str] =
    &["base64", "csv", "hmac", "ipnet", "quick-xml", "sha2", "subtle", "url"];

/// Third-party packages that speak HTTP.
const HTTP: &[&str] = &["http", "http-body-util", "hyper", "hyper-util", "reqwest", "ureq", "warp"];

pub(crate) fn sources() -> Vec<(PathBuf, String)> {
    let listed =
        Command::new("git").args(["ls-files", "*.rs"]).current_dir(root()).output().unwrap();
    let text = String::from_utf8(listed.stdout).unwrap();
    let files: Vec<_> = text
        .lines()
        .filter_map(|path| {
            Some((PathBuf::from(path), std::fs::read_to_string(root().join(path)).ok()?))
        })
        .collect();
    assert!(files.len() > 50, "git lists too few files");
    files
}

fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let normal = package["dependencies"].as_array().unwrap().iter();
            let names = normal
                .filter(|d| d["kind"].is_null())
                .map(|d| d["name"].as_str().unwrap().to_owned());
            (package["name"].as_str().unwrap().to_owned(), names.collect())
        })
        .collect()
}

#[test]
fn crates_depend_only_along_the_arrows() {
    let dependencies = dependencies();
    let ours: BTreeSet<&String> = dependencies.keys().collect();
    for (package, uses) in &dependencies {
        let is_service = ServiceName::ALL.iter().any(|service| service.package() == package);
        let listed = ARROWS.iter().find(|(name, _)| name == package).map(|(_, to)| *to);
        let allowed = if is_service { SERVICE } else { listed.unwrap_or_default() };
        for used in uses.iter().filter(|used| ours.contains(used)) {
            let is_allowed = WHOLE.contains(&package.as_str()) || allowed.contains(&used.as_str());
            assert!(is_allowed, "{package} may not depend on {used}");
        }
    }
}

#[test]
fn the_engine_knows_no_http() {
    let used = &dependencies()["engine"];
    let http: Vec<&String> = used.iter().filter(|used| HTTP.contains(&used.as_str())).collect();
    assert!(http.is_empty(), "the engine depends on {http:?}");
}

#[test]
fn the_law_is_pure() {
    let dependencies = dependencies();
    for package in ["calendar", "dossier", "papers", "partners"] {
        for used in &dependencies[package] {
            let prints = package == "papers" && PRINTING.contains(&used.as_str());
            let is_ours = used == "calendar" || used == "papers";
            let signs = package == "partners" && PARTNERING.contains(&used.as_str());
            let allowed = PURE.contains(&used.as_str()) || is_ours || prints || signs;
            assert!(allowed, "{package} may not depend on {used}");
        }
    }
    let pure = |path: &Path| {
        ["calendar", "dossier", "papers", "partners/src"]
            .iter()
            .any(|package| path.starts_with(format!("libs/{package}")))
    };
    for (path, text) in sources().iter().filter(|(path, _)| pure(path)) {
        for word in ["async fn", "HashMap", "HashSet", "std::fs", "std::env"] {
            assert!(!text.contains(word), "{} contains `{word}`", path.display());
        }
    }
}

/// Modules of one service of which the first knows the second: an order identifies reports as an
/// attempt does, so that both count the same money once (ADR 26).
const KNOWS: (&str, &str) = ("payment_orders", "payment");

#[test]
fn a_service_of_the_law_knows_no_other() {
    let modules = ServiceName::ALL.into_iter().flat_map(ServiceName::modules);
    let modules: Vec<&str> = modules.map(|module| module.name).collect();
    for (path, text) in sources() {
        let Ok(inside) = path.strip_prefix("libs/dossier/src") else { continue };
        let first = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        let Some(own) = modules.iter().find(|s| first == **s || first == format!("{s}.rs")) else {
            continue;
        };
        let law = text.split("#[cfg(test)]").next().unwrap();
        let others = modules.iter().filter(|other| *other != own && (*own, **other) != KNOWS);
        for other in others {
            let import = format!("use crate::{other}::");
            assert!(!law.contains(&import), "{} imports {other}", path.display());
        }
    }
}

/// The file of a step's HTTP operation, from the root.
fn wire_of(placed: &Placed) -> String {
    let package = placed.service.package();
    let is_main = placed.module == package;
    let module = if is_main { String::new() } else { format!("{}/", placed.module) };
    format!("services/{package}/src/{module}http/{}.rs", placed.step.name)
}

#[test]
fn a_step_is_two_files_with_the_same_stem() {
    for placed in steps() {
        let law = root().join(placed.law());
        assert!(law.exists(), "{} is missing", law.display());
        let wire = root().join(wire_of(&placed));
        assert_eq!(wire.exists(), !placed.step.may.is_empty(), "{}", wire.display());
    }
}

#[test]
fn every_law_file_has_its_tests_or_is_tested_through_another() {
    // They share one guard, which is covered by the tests of the preceding step and of the
    // services.
    let through_others = [
        "resume_review",
        "cancel_review",
        "number_receipt",
        "record_delivery",
        "close_unpaid",
        "invite_rating",
    ];
    for placed in steps() {
        let (law, step) = (root().join(placed.law()), placed.step);
        let text = std::fs::read_to_string(&law).unwrap();
        let beside = law.with_extension("").join("tests.rs").exists();
        let tested = text.contains("#[test]") || beside || through_others.contains(&step.name);
        assert!(tested, "{} has no test", step.name);
    }
}

#[test]
fn files_are_short_and_their_names_say_what_is_in_them() {
    for (path, text) in sources() {
        let lines = text.lines().count();
        let generated = text.starts_with(crate::client::HEAD);
        assert!(generated || lines <= LINES_MAX, "{} has {lines} lines", path.display());
        let parts = path.iter().map(|part| part.to_string_lossy().into_owned());
        for part in parts {
            let stem = part.trim_end_matches(".rs");
            assert!(!DRAWERS.contains(&stem), "{} is a drawer", path.display());
        }
    }
}

/// Lines above a sleep in which the reason for it may be given.
const REASON_ABOVE: usize = 4;

/// Lines that sleep without a reason, directly or in disguise.
fn sleeps(text: &str) -> Vec<usize> {
    let lines: Vec<&str> = text.lines().collect();
    let reason = |at: usize| {
        let above = lines.get(at.saturating_sub(REASON_ABOVE)..at).unwrap_or_default();
        above.iter().any(|line| line.contains("clippy::disallowed_methods"))
    };
    let slept = |line: &str| ["thread::sleep", "time::sleep("].iter().any(|w| line.contains(w));
    let disguised = |at: usize| {
        // A call may span several lines.
        let call = lines.get(at..lines.len().min(at + REASON_ABOVE)).unwrap_or_default().concat();
        let call: String = call.split_whitespace().collect();
        let (_, timeout) = call.split_once("timeout(").unwrap_or_default();
        let waited = timeout.split(".await").next().unwrap_or_default();
        waited.ends_with("pending::<()>())") || waited.ends_with("pending::<()>(),)")
    };
    (0..lines.len())
        .filter(|at| {
            lines.get(*at).is_some_and(|line| slept(line) && !reason(*at)) || disguised(*at)
        })
        .map(|at| at + 1)
        .collect()
}

#[test]
fn tests_wait_for_conditions_and_are_not_left_out() {
    for (path, text) in sources() {
        if path.ends_with("xtask/src/tidy.rs") {
            continue;
        }
        if path.components().any(|part| part.as_os_str() == "tests") {
            assert!(sleeps(&text).is_empty(), "{} sleeps at {:?}", path.display(), sleeps(&text));
        }
        assert!(!text.contains("#[ignore"), "{} leaves a test out", path.display());
    }
}

#[test]
fn a_sleep_in_disguise_is_one_and_one_with_a_reason_is_none() {
    let disguised =
        "fn f() {\n    timeout(\n        LONG,\n        pending::<()>(),\n    )\n    .await;";
    assert_eq!(sleeps(disguised), [2]);
    assert_eq!(sleeps("let _ = timeout(A, std::future::pending::<()>()).await;"), [1]);
    assert_eq!(sleeps("std::thread::sleep(A);"), [1]);
    let reason = "#[expect(clippy::disallowed_methods, reason = \"nothing tells\")]";
    let function = format!("{reason}\nasync fn rest() {{\n    tokio::time::sleep(A).await;\n}}");
    assert!(sleeps(&function).is_empty());
    assert!(sleeps("timeout(A, counted(pending::<Read>())).await").is_empty());
}

#[test]
fn no_test_is_written_in_a_comment_where_the_runner_does_not_look() {
    for (path, text) in sources() {
        let mut comments = text.lines().map(str::trim_start).filter(|line| line.starts_with("//"));
        let code = comments.find(|line| {
            let line = line.trim_start_matches(['/', '!']).trim();
            line == "```" || line.starts_with("```rust") || line.starts_with("```no_run")
        });
        assert!(code.is_none(), "{}: a doc test is run by nobody", path.display());
    }
}
