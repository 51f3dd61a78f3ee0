//! Runs the commands of the handbook with the real helm and kubectl, as far as possible without a
//! cluster: objects are created locally, manifests and charts are rendered. Commands that need a
//! cluster are counted.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use cluster::tools::helm;

use super::printed;
use crate::generate::root;

const HANDBOOK: &str = "docs/operating.md";
/// Commands that need a cluster: `helm test`, and deletion and expansion of existing objects.
const FOR_A_CLUSTER: usize = 3;
/// Placeholders of the handbook and example values; longer ones first.
const OWN: [(&str, &str); 7] = [
    (
        "image.digest=…",
        "image.digest=sha256:1111111111111111111111111111111111111111111111111111111111111111",
    ),
    ("-f …", "-f helm/dossier/profiles/production.yaml"),
    ("https://…", "https://x.example"),
    ("s3://…", "s3://xyz/y"),
    ("{…}", "{x.example}"),
    ("=…", "=x"),
    ("$(openssl rand -hex 24)", "1234"),
];

/// Shell functions in place of helm and kubectl: each runs the real program without a cluster, and
/// fails if that does.
const PRELUDE: &str = r#"
made() { echo "made: $*" >&2; }
kubectl() {
  local last="${@: -1}"
  case " $* " in
    *" create "*) command kubectl "$@" --dry-run=client -o yaml | grep '^kind: ' ; made "$*" ;;
    *" apply -k "*) command kubectl kustomize "$last" | grep -c '^kind: ' ; made "$*" ;;
    *" apply -f - "*) grep '^kind: ' ; made "$*" ;;
    *" apply -f "*) grep '^kind: ' "$last" ; made "$*" ;;
    *" get pvc "*) echo persistentvolumeclaim/x ;;
    *) echo "cluster: kubectl $*" >&2 ;;
  esac
}
helm() {
  case $1 in
    install | upgrade) command helm template "${@:2}" | grep -c '^kind: ' ; made "helm $*" ;;
    *) echo "cluster: helm $*" >&2 ;;
  esac
}
curl() { echo '{"access_token":"t"}'; }
jq() { cat > /dev/null; echo t; }
"#;

pub(super) fn check() -> Result<()> {
    let handbook = std::fs::read_to_string(root().join(HANDBOOK))?;
    let commands: String =
        blocks(&handbook).filter(|block| speaks(block)).map(|block| own(block) + "\n").collect();
    let folder = root().join("target/manifests/commands");
    prepare(&folder)?;
    let script = format!("set -euo pipefail\n{PRELUDE}\n{commands}");
    let mut bash = Command::new("bash");
    bash.args(["-c", &script]).current_dir(&folder).env("PATH", path(&folder)?);
    let output = bash.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("a command of {HANDBOOK} fails: {said}");
    }
    let count = |begins: &str| said.lines().filter(|line| line.starts_with(begins)).count();
    let (made, left) = (count("made: "), count("cluster: "));
    if made < 15 || left != FOR_A_CLUSTER {
        bail!("{made} commands of {HANDBOOK} were tried, and {left} are for a cluster: {said}");
    }
    Ok(())
}

/// Fenced code blocks of a page.
fn blocks(page: &str) -> impl Iterator<Item = &str> {
    let fenced = page.split("\n```").skip(1).step_by(2);
    fenced.filter_map(|block| block.split_once('\n').map(|(_, lines)| lines))
}

fn speaks(block: &str) -> bool {
    block.lines().any(|line| line.starts_with("kubectl ") || line.starts_with("helm "))
}

fn own(block: &str) -> String {
    OWN.iter().fold(block.to_owned(), |block, (from, to)| block.replace(from, to))
}

/// Prepares a folder with the files that the commands name, and with chart and manifests as in a
/// checkout.
fn prepare(folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder.join("SECRETS"))?;
    for name in ["helm", "k8s"] {
        std::os::unix::fs::symlink(root().join(name), folder.join(name))?;
    }
    for name in ["STORE-CA.crt", "OBJECTS-CA.crt"] {
        std::fs::write(folder.join(name), "a certificate")?;
    }
    for role in ["applicant", "clerk", "cashier", "reviewer", "approver"] {
        std::fs::write(folder.join("SECRETS").join(role), "a secret")?;
    }
    // Left by an earlier run; those for `helm test` are created below.
    std::fs::create_dir_all(folder.join("TOKENS"))?;
    Ok(std::fs::write(folder.join("TOKENS/applicant"), "a token")?)
}

/// A path with the real programs first.
fn path(folder: &Path) -> Result<String> {
    let programs = folder.join("bin");
    std::fs::create_dir_all(&programs)?;
    let (helm, kubectl) = helm()?;
    for (name, program) in [("helm", helm), ("kubectl", kubectl)] {
        std::os::unix::fs::symlink(program, programs.join(name))?;
    }
    let rest = printed(Command::new("sh").args(["-c", "printf %s \"$PATH\""]))?;
    let programs = programs.to_str().context("no path")?;
    Ok(format!("{programs}:{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_of_a_page_stand_in_its_fenced_blocks() {
        let page = "a\n```\nkubectl get pods\n```\nkubectl in a sentence\n```sh\nls\n```\n";
        let blocks: Vec<&str> = blocks(page).collect();
        assert_eq!(blocks, ["kubectl get pods", "ls"]);
        assert!(speaks(blocks[0]) && !speaks(blocks[1]));
    }

    #[test]
    fn what_is_the_readers_own_is_something_of_that_kind() {
        let said = own("helm upgrade d c -f … --set a=…,image.digest=…,b=https://…,c={…}");
        assert!(!said.contains('…') && said.contains("a=x") && said.contains("c={x.example}"));
    }
}
