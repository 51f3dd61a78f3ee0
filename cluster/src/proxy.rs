//! The reverse proxy in front of the replicas: nginx, with one route per path of the OpenAPI
//! documents.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::debian::debian;
use crate::process::{Process, free_port, listens, wait_until};
use crate::replica::{Replica, SERVICES};

/// A running nginx.
#[derive(Debug)]
pub struct Proxy {
    /// Listening address.
    pub address: SocketAddr,
    process: Process,
}

impl Proxy {
    /// Starts a proxy for `replicas` with the routes of the documents in `openapi`.
    pub fn start(openapi: &Path, folder: &Path, replicas: &[Replica]) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let nginx = nginx()?;
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        let conf = folder.join("nginx.conf");
        std::fs::write(&conf, configuration(openapi, folder, address, replicas)?)?;
        let mut command = Command::new(nginx);
        command.arg("-p").arg(folder).arg("-c").arg(&conf);
        let process = Process::start(&mut command, &folder.join("log"))?;
        wait_until("the proxy", || Ok(listens(address)))?;
        Ok(Self { address, process })
    }

    /// CPU time of its worker.
    pub fn cpu(&self) -> Result<Duration> {
        self.process.cpu()
    }
}

pub(crate) fn nginx() -> Result<PathBuf> {
    debian("nginx-light", "/usr/sbin/nginx")
}

/// The configuration. Only a failed connection is retried on another replica, and no replica is
/// marked as down: a 503 is a response of the service, and a replaced replica is available again.
/// Writes are retried too, because a step is applied once however often it is sent.
fn configuration(
    openapi: &Path,
    folder: &Path,
    address: SocketAddr,
    replicas: &[Replica],
) -> Result<String> {
    let folder = folder.display();
    let mut conf = format!(
        "daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/error warn;\n\
         events {{ worker_connections 4096; }}\nhttp {{\n  access_log off;\n  client_max_body_size 64m;\n  \
         client_body_temp_path {folder}/body;\n  proxy_temp_path {folder}/proxy;\n  fastcgi_temp_path {folder}/f;\n  \
         uwsgi_temp_path {folder}/u;\n  scgi_temp_path {folder}/s;\n  proxy_http_version 1.1;\n  keepalive_requests 1000000;\n  \
         proxy_set_header Connection \"\";\n  proxy_connect_timeout 2s;\n  proxy_read_timeout 60s;\n  \
         proxy_next_upstream error timeout non_idempotent;\n"
    );
    for service in SERVICES {
        write!(conf, "  upstream {service} {{\n    keepalive 32;\n")?;
        for replica in replicas.iter().filter(|replica| replica.service == service) {
            writeln!(conf, "    server {} max_fails=0;", replica.address)?;
        }
        conf.push_str("  }\n");
    }
    write!(conf, "  server {{\n    listen {address};\n")?;
    for (path, service) in routes(openapi)? {
        let pattern = pattern(&path);
        writeln!(conf, "    location ~ ^{pattern}$ {{ proxy_pass http://{service}; }}")?;
    }
    conf.push_str("    location / { return 404; }\n  }\n}\n");
    Ok(conf)
}

/// Paths of each service.
fn routes(openapi: &Path) -> Result<BTreeMap<String, &'static str>> {
    let mut routes = BTreeMap::new();
    for service in SERVICES {
        let file = openapi.join(format!("{service}.json"));
        let text = std::fs::read_to_string(&file).with_context(|| format!("{}", file.display()))?;
        let document: serde_json::Value = serde_json::from_str(&text)?;
        let paths = document.get("paths").and_then(|paths| paths.as_object());
        for path in paths.context("no paths")?.keys() {
            routes.insert(path.clone(), service);
        }
    }
    Ok(routes)
}

/// A path as a regular expression; each parameter is one segment.
fn pattern(path: &str) -> String {
    let segment = |part: &str| {
        if part.starts_with('{') { "[^/]+".to_owned() } else { part.replace('.', "\\.") }
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_of_a_path_is_one_segment() {
        assert_eq!(pattern("/v1/dossiers/{dossier}/timeline"), "/v1/dossiers/[^/]+/timeline");
    }
}
