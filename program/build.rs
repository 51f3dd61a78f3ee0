//! Says what a program was built from: the commit of the checkout for a release, or what `DOSSIER_COMMIT` says, where the build has
//! no checkout (an image). While developing it is not said, because every commit would build the program anew.

#![expect(clippy::disallowed_methods, reason = "how a build script is asked and answers")]

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=DOSSIER_COMMIT");
    let given = std::env::var("DOSSIER_COMMIT").ok().filter(|commit| !commit.trim().is_empty());
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = given.or_else(|| if release { checked_out() } else { None });
    let commit = commit.unwrap_or_else(|| "development build".to_owned());
    println!("cargo::rustc-env=DOSSIER_COMMIT={commit}");
}

/// The commit that is checked out, and whether anything is changed in it.
fn checked_out() -> Option<String> {
    let said = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        output.status.success().then_some(text)
    };
    for file in ["HEAD", "index"] {
        println!("cargo::rerun-if-changed={}", said(&["rev-parse", "--git-path", file])?);
    }
    let commit = said(&["rev-parse", "--short=12", "HEAD"])?;
    let changed = said(&["status", "--porcelain", "--untracked-files=no"])?;
    Some(if changed.is_empty() { commit } else { format!("{commit}, changed") })
}
