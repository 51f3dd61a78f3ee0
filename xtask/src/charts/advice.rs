//! Checks manifests with the linter checkov. Every finding is fixed or has a reason here.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use cluster::tools::CHECKOV;
use serde_json::Value;

/// Checks that are not followed: id, prefix of the resources' names, and reason. The ids are
/// explained by `checkov --list --framework kubernetes`.
const NOT_FOLLOWED: [(&str, &str, &str); 9] = [
    (
        "CKV_K8S_11",
        "",
        "a limit of CPU slows a process while processors are idle; requests divide them",
    ),
    (
        "CKV_K8S_35",
        "",
        "addresses with passwords are read from Secrets into the environment: one container a pod has it",
    ),
    ("CKV_K8S_8", "Pod.dossier.dossier-life", "a test ends by itself"),
    ("CKV_K8S_9", "Pod.dossier.dossier-life", "nobody is sent to a test"),
    (
        "CKV_K8S_43",
        "Deployment.dossier.",
        "the profile `small` names no image of anybody's: `image.digest` does",
    ),
    ("CKV_K8S_43", "Pod.dossier.", "the same"),
    (
        "CKV_K8S_15",
        "",
        "what has a tag of a version is not fetched again while the registry is away",
    ),
    (
        "CKV_K8S_43",
        "StatefulSet.dossier-platform.",
        "`cargo xtask digests` writes their digests where registries can be reached",
    ),
    ("CKV_K8S_43", "Deployment.dossier-platform.", "the same"),
];

/// Checks all manifests in a folder.
pub(super) fn check(folder: &Path) -> Result<()> {
    let mut command = Command::new(CHECKOV.path()?);
    command.args(["--framework", "kubernetes", "--output", "json", "--quiet", "--compact"]);
    // Without this option it downloads descriptions of the checks from its vendor.
    command.args(["--skip-download", "--directory"]).arg(folder);
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let report: Value = serde_json::from_str(&said).with_context(|| said.clone().into_owned())?;
    let failed = report["results"]["failed_checks"].as_array().context("no findings at all")?;
    let advice: Vec<(&str, &str)> = failed
        .iter()
        .filter_map(|check| Some((check["check_id"].as_str()?, check["resource"].as_str()?)))
        .collect();
    let passed = report["summary"]["passed"].as_u64().unwrap_or(0);
    judge(&advice, passed)
}

/// Every finding must be listed above, and every listed one must occur.
fn judge(advice: &[(&str, &str)], passed: u64) -> Result<()> {
    let answers = |(id, of, _): &(&str, &str, &str), (check, resource): &(&str, &str)| {
        id == check && resource.starts_with(of)
    };
    let open: Vec<String> = advice
        .iter()
        .filter(|advice| !NOT_FOLLOWED.iter().any(|answer| answers(answer, advice)))
        .map(|(check, resource)| format!("{check} {resource}"))
        .collect();
    if !open.is_empty() {
        bail!("checkov advises, and nobody has answered: {}", open.join(", "));
    }
    for answer in &NOT_FOLLOWED {
        if !advice.iter().any(|advice| answers(answer, advice)) {
            bail!(
                "checkov does not advise {} for {:?} any more: take the answer away",
                answer.0,
                answer.1
            );
        }
    }
    // A lower bound that shows that all manifests were read.
    if passed < 1_000 {
        bail!("checkov has passed {passed} checks only");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_followed_or_answered_and_an_answer_to_nothing_goes() {
        let all: Vec<(&str, &str)> = NOT_FOLLOWED.iter().map(|(id, of, _)| (*id, *of)).collect();
        judge(&all, 2_000).unwrap();
        let more = [&all[..], &[("CKV_K8S_20", "StatefulSet.dossier.dossier-intake")]].concat();
        assert!(judge(&more, 2_000).unwrap_err().to_string().contains("CKV_K8S_20"));
        assert!(judge(&all[1..], 2_000).unwrap_err().to_string().contains("CKV_K8S_11"));
        assert!(judge(&all, 10).is_err());
    }
}
