//! Pins third-party images by digest: bases of the Containerfile and images of `k8s/platform`. A
//! tag can be moved to another image; a digest cannot.

use std::io::Write;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::generate::root;

const CONTAINERFILE: &str = "Containerfile";
const KUSTOMIZATIONS: [&str; 2] =
    ["k8s/platform/kustomization.yaml", "k8s/platform/eventstoredb/kustomization.yaml"];

/// Resolves each tag at its registry, and writes the digest beside it.
pub(crate) fn write() -> Result<()> {
    let path = root().join(CONTAINERFILE);
    std::fs::write(&path, bases_pinned(&std::fs::read_to_string(&path)?, &asked)?)?;
    for path in KUSTOMIZATIONS.map(|path| root().join(path)) {
        std::fs::write(&path, images_pinned(&std::fs::read_to_string(&path)?, &asked)?)?;
    }
    Ok(())
}

/// Fails if a base of the Containerfile has no digest; warns if an image of the platform has none,
/// because operators choose its registry and time of update.
pub(crate) fn check() -> Result<()> {
    let containerfile = std::fs::read_to_string(root().join(CONTAINERFILE))?;
    for line in containerfile.lines() {
        if base(line).is_some_and(|(image, _)| digest_of(image).is_none()) {
            bail!("{CONTAINERFILE} has a base without a digest (cargo xtask digests): {line}");
        }
    }
    for path in KUSTOMIZATIONS {
        for image in open(&std::fs::read_to_string(root().join(path))?) {
            writeln!(
                std::io::stderr(),
                "warning: {path}: {image} has no digest (cargo xtask digests)"
            )?;
        }
    }
    Ok(())
}

/// The digest of a tag at its registry, for all platforms together.
fn asked(image: &str) -> Result<String> {
    let reference = format!("docker://{image}");
    let skopeo = ["inspect", "--no-tags", "--format", "{{.Digest}}", &reference];
    for (program, arguments) in [("crane", &["digest", image][..]), ("skopeo", &skopeo[..])] {
        match Command::new(program).args(arguments).output() {
            Ok(output) if output.status.success() => {
                let digest = String::from_utf8(output.stdout)?.trim().to_owned();
                return Ok(digest);
            }
            Ok(output) => bail!("{program}: {}", String::from_utf8_lossy(&output.stderr)),
            // This program is not installed; the other one may be.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).context(program),
        }
    }
    bail!("neither crane nor skopeo is installed; one of them asks a registry for a digest")
}

/// Fails for text that is not a digest.
fn looked_at(digest: String) -> Result<String> {
    let hex = digest.strip_prefix("sha256:").context("a registry answers without a digest")?;
    if hex.len() != 64 || !hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        bail!("a registry answers {digest:?}, which is no digest");
    }
    Ok(digest)
}

fn digest_of(image: &str) -> Option<&str> {
    image.split_once('@').map(|(_, digest)| digest)
}

/// The base image of a stage, and the rest of the line.
fn base(line: &str) -> Option<(&str, &str)> {
    let from = line.strip_prefix("FROM ")?;
    Some(from.split_once(' ').unwrap_or((from, "")))
}

/// The Containerfile with the digest of each base after its tag.
fn bases_pinned(text: &str, digest: &dyn Fn(&str) -> Result<String>) -> Result<String> {
    let mut pinned = String::new();
    for line in text.lines() {
        if let Some((image, rest)) = base(line) {
            let tagged = image.split('@').next().unwrap_or(image);
            let line = format!("FROM {tagged}@{} {rest}", looked_at(digest(tagged)?)?);
            pinned += line.trim_end();
        } else {
            pinned += line;
        }
        pinned.push('\n');
    }
    Ok(pinned)
}

/// The kustomization with the digest of each image below its tag.
fn images_pinned(text: &str, digest: &dyn Fn(&str) -> Result<String>) -> Result<String> {
    let mut pinned = String::new();
    let mut name = "";
    for line in text.lines() {
        if line.starts_with("    digest: ") {
            continue;
        }
        pinned += line;
        pinned.push('\n');
        if let Some(of) = line.strip_prefix("  - name: ") {
            name = of;
        } else if let Some(tag) = line.strip_prefix("    newTag: ") {
            let found = looked_at(digest(&format!("{name}:{tag}"))?)?;
            pinned.extend(["    digest: ", &found, "\n"]);
        }
    }
    Ok(pinned)
}

/// Images of a kustomization without a digest.
fn open(kustomization: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut name = "";
    for line in kustomization.lines() {
        if let Some(of) = line.strip_prefix("  - name: ") {
            name = of;
        } else if let Some(tag) = line.strip_prefix("    newTag: ") {
            found.push(format!("{name}:{tag}"));
        } else if line.starts_with("    digest: ") {
            found.pop();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "stands for a registry, which may not answer")]
    fn ones(image: &str) -> Result<String> {
        assert!(!image.contains('@'), "{image}");
        Ok(format!("sha256:{}", "1".repeat(64)))
    }

    #[test]
    fn the_digest_of_a_base_stands_behind_its_tag_and_is_replaced_by_a_newer_one() {
        let text =
            "# A comment.\nFROM r.example/a:1 AS build\nRUN x\nFROM r.example/b:2@sha256:0\n";
        let once = bases_pinned(text, &ones).unwrap();
        let ones_of = format!("sha256:{}", "1".repeat(64));
        let wanted = format!(
            "# A comment.\nFROM r.example/a:1@{ones_of} AS build\nRUN x\nFROM r.example/b:2@{ones_of}\n"
        );
        assert_eq!(once, wanted);
        assert_eq!(bases_pinned(&once, &ones).unwrap(), once);
    }

    #[test]
    fn every_image_of_the_platform_gets_its_digest_and_is_open_until_then() {
        for path in KUSTOMIZATIONS {
            let text = std::fs::read_to_string(root().join(path)).unwrap();
            let without: Vec<&str> =
                text.lines().filter(|line| !line.starts_with("    digest: ")).collect();
            let without = without.join("\n") + "\n";
            let before = open(&without);
            assert!(!before.is_empty(), "{path}");
            let pinned = images_pinned(&without, &ones).unwrap();
            assert_eq!(pinned.matches("sha256:").count(), before.len(), "{path}");
            assert_eq!(open(&pinned), Vec::<String>::new(), "{path}");
            assert_eq!(images_pinned(&pinned, &ones).unwrap(), pinned, "{path}");
        }
    }

    /// With another compiler, the toolchain file would cause a download during the build.
    #[test]
    fn the_image_is_built_by_the_compiler_that_the_workspace_names() {
        let read = |name: &str| std::fs::read_to_string(root().join(name)).unwrap();
        let toolchain = read("rust-toolchain.toml");
        let channel = toolchain.lines().find_map(|line| line.strip_prefix("channel = "));
        let channel = channel.unwrap().trim_matches('"');
        let containerfile = read(CONTAINERFILE);
        let builds = containerfile.lines().find_map(base).unwrap().0;
        assert!(builds.contains(&format!("/rust:{channel}")), "{builds} for {channel}");
        let left_out = read(".containerignore");
        assert!(left_out.lines().any(|line| line == "rust-toolchain.toml"), "{left_out}");
    }

    #[test]
    fn what_is_no_digest_is_not_written() {
        for answer in ["", "latest", "sha256:12", &format!("sha256:{}", "G".repeat(64))] {
            let answered = |_: &str| Ok(answer.to_owned());
            assert!(bases_pinned("FROM r.example/a:1\n", &answered).is_err(), "{answer}");
        }
    }
}
