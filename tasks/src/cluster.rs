//! `cargo xtask cluster`: starts a cluster for manual use.

use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Result, bail};
use cluster::Cluster;

use crate::root;

pub(crate) fn run(release: bool, folder: &Path) -> Result<()> {
    let mut build = crate::cargo();
    build.args(["build", "--package", "program"]).args(release.then_some("--release"));
    if !build.status()?.success() {
        bail!("the program cannot be built");
    }
    let built = if release { "target/release/dossier" } else { "target/debug/dossier" };
    let folder = root().join(folder);
    if folder.exists() {
        bail!("{} is there already; remove it, or choose another --folder", folder.display());
    }
    let cluster = Cluster::start(&root().join(built), &root().join("openapi"), &folder)?;
    let mut out = std::io::stdout();
    let (address, data) = (cluster.address(), cluster.data());
    writeln!(out, "the API:      http://{address}/v1/procedures")?;
    writeln!(
        out,
        "tokens:       {built} token --data {} --role applicant --subject a1",
        data.display()
    )?;
    writeln!(out, "event store:  {}", cluster.postgres.url)?;
    writeln!(out, "bus:          {}", cluster.nats.urls())?;
    for replica in &cluster.replicas {
        let (service, number) = (replica.service, replica.number);
        writeln!(out, "{service:>15} {number}: http://{}/health/ready", replica.address)?;
    }
    writeln!(out, "what it logs: {}/*.log", folder.display())?;
    writeln!(out, "press return to stop it")?;
    // End of input or a line stops the cluster.
    let _ = std::io::stdin().read(&mut [0]);
    drop(cluster);
    Ok(std::fs::remove_dir_all(&folder)?)
}
