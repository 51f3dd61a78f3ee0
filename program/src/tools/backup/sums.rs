//! `SHA256SUMS`: digests of all files of a backup except the log, in the format of `sha256sum
//! --check`; and a digest of the log's events, because the log's file differs between engines.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Component, Path};

use anyhow::{Context, Result, bail};
use events::{EventStore, Filter, Position, Recorded};
use sha2::{Digest, Sha256};

/// File name of the list.
pub(super) const SUMS: &str = "SHA256SUMS";
/// Buffer for reading a file, in bytes.
const PART: usize = 64 * 1024;

/// A list being written.
pub(super) struct Sums {
    file: BufWriter<File>,
    whole: Sha256,
}

impl Sums {
    pub(super) fn create(folder: &Path) -> Result<Self> {
        let file = File::create_new(folder.join(SUMS)).context(SUMS)?;
        Ok(Self { file: BufWriter::new(file), whole: Sha256::new() })
    }

    /// Adds a file by its relative path, with its digest in hexadecimal.
    pub(super) fn add(&mut self, name: &str, sha256: &str) -> std::io::Result<()> {
        let line = format!("{sha256}  {name}\n");
        self.whole.update(&line);
        self.file.write_all(line.as_bytes())
    }

    /// Syncs the list; returns its own digest.
    pub(super) fn done(self) -> Result<String> {
        let file = self.file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all().context(SUMS)?;
        Ok(hexadecimal(self.whole))
    }
}

/// Differences between the files in `folder` and its list, which must have the digest `own`.
pub(super) fn compare(folder: &Path, own: &str) -> Result<Vec<String>> {
    let path = folder.join(SUMS);
    if of_file(&path)?.as_deref() != Some(own) {
        return Ok(vec![format!("{SUMS} is missing or was modified; files were not compared")]);
    }
    let mut wrong = Vec::new();
    for line in BufReader::new(File::open(&path).context(SUMS)?).lines() {
        let line = line.context(SUMS)?;
        let (sha256, name) = line.split_once("  ").with_context(|| format!("{SUMS}: {line}"))?;
        let below = |part| matches!(part, Component::Normal(_));
        if !Path::new(name).components().all(below) {
            bail!("{SUMS} names {name}, which is not in the folder");
        }
        match of_file(&folder.join(name))? {
            None => wrong.push(format!("{name} is missing")),
            Some(found) if found != sha256 => {
                wrong.push(format!("the content of {name} differs from what was backed up"));
            }
            Some(_) => {}
        }
    }
    Ok(wrong)
}

/// Digest of a file; `None` if it does not exist.
pub(super) fn of_file(path: &Path) -> Result<Option<String>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    let (mut hash, mut part) = (Sha256::new(), vec![0; PART]);
    loop {
        let read = file.read(&mut part).with_context(|| path.display().to_string())?;
        if read == 0 {
            return Ok(Some(hexadecimal(hash)));
        }
        hash.update(part.get(..read).unwrap_or_default());
    }
}

/// Digest of a log: of all fields of its events except the position, which differs between engines.
#[derive(Default)]
pub(super) struct LogSum(Sha256);

impl LogSum {
    /// Adds an event.
    pub(super) fn add(&mut self, event: &Recorded) {
        let version = event.version.0.to_string();
        let id = event.id.to_string();
        let parts = [event.stream.as_str(), &version, &id, &event.kind, &event.data, &event.meta];
        for part in parts {
            self.0.update((part.len() as u64).to_be_bytes());
            self.0.update(part);
        }
    }

    /// The digest in hexadecimal.
    pub(super) fn done(self) -> String {
        hexadecimal(self.0)
    }

    /// Digest of a whole log.
    pub(super) async fn of(store: &EventStore) -> Result<String> {
        let (mut sum, mut after) = (Self::default(), Position::START);
        loop {
            let page = store.read_all(after, &Filter::default(), 10_000).await?;
            if page.through == after {
                return Ok(sum.done());
            }
            page.events.iter().for_each(|event| sum.add(event));
            after = page.through;
        }
    }
}

fn hexadecimal(hash: Sha256) -> String {
    use std::fmt::Write;
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_is_missing_or_changed_is_named_and_a_changed_list_too() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let mut sums = Sums::create(folder.path()).unwrap();
        for name in ["a", "b", "c"] {
            write(name, name);
            sums.add(name, &of_file(&folder.path().join(name)).unwrap().unwrap()).unwrap();
        }
        let own = sums.done().unwrap();
        assert_eq!(compare(folder.path(), &own).unwrap(), Vec::<String>::new());
        write("b", "x");
        std::fs::remove_file(folder.path().join("c")).unwrap();
        let wrong = compare(folder.path(), &own).unwrap();
        assert_eq!(wrong, ["the content of b differs from what was backed up", "c is missing"]);
        let shorter = std::fs::read_to_string(folder.path().join(SUMS)).unwrap();
        write(SUMS, shorter.lines().next().unwrap());
        assert!(compare(folder.path(), &own).unwrap()[0].contains("was modified"));
        std::fs::remove_file(folder.path().join(SUMS)).unwrap();
        assert!(compare(folder.path(), &own).unwrap()[0].contains("is missing"));
    }
}
