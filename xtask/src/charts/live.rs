//! Tests the chart's lookups of a running release against a fake Kubernetes API with the resources
//! that are looked up.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{resources, template, values_of};

/// Kinds that the chart creates or looks up: group and version, kind, plural.
const KINDS: [(&str, &str, &str); 13] = [
    ("v1", "Service", "services"),
    ("v1", "ServiceAccount", "serviceaccounts"),
    ("v1", "ConfigMap", "configmaps"),
    ("v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
    ("v1", "Pod", "pods"),
    ("apps/v1", "StatefulSet", "statefulsets"),
    ("apps/v1", "Deployment", "deployments"),
    ("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    ("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
    ("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
    ("networking.k8s.io/v1", "Ingress", "ingresses"),
    ("batch/v1", "CronJob", "cronjobs"),
    ("storage.k8s.io/v1", "StorageClass", "storageclasses"),
];

pub(super) fn check() -> Result<()> {
    let intake = "/apis/apps/v1/namespaces/dossier/statefulsets/dossier-intake";
    let set = |replicas: u32, size: &str| {
        json!({ "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": { "name": "dossier-intake" },
            "spec": { "replicas": replicas, "volumeClaimTemplates":
                [{ "spec": { "resources": { "requests": { "storage": size } } } }] } })
    };
    let on = "services.intake.autoscale.enabled=true";
    let off = "services.intake.autoscale.enabled=false";
    // The present number of replicas is kept while an autoscaler is active, within its minimum and
    // maximum.
    for (live, values, replicas) in [(5, on, 5), (3, on, 3), (1, on, 3), (20, on, 8), (5, off, 3)] {
        let rendered = beside(&[(intake, set(live, "10Gi"))], &["--set", values])?;
        let found = resource(&rendered, "StatefulSet", "dossier-intake")?;
        if found["spec"]["replicas"] != replicas {
            bail!(
                "with {live} replicas and {values} the chart asks for {}",
                found["spec"]["replicas"]
            );
        }
        let kept = &found["spec"]["persistentVolumeClaimRetentionPolicy"]["whenScaled"];
        if kept != "Retain" {
            bail!("a replica that is scaled away loses its volume");
        }
    }
    // Without a cluster to look up, the chart asks for the fewest replicas.
    let alone = template(&values_of("production"), &["--set", on])?;
    if resource(&alone, "StatefulSet", "dossier-intake")?["spec"]["replicas"] != 3 {
        bail!("where nothing runs yet the chart does not ask for the fewest");
    }
    // The same size in another notation of the cluster.
    for (live, values) in
        [("1Gi", "1024Mi"), ("10Gi", "10Gi"), ("1Ti", "1024Gi"), ("10737418240", "10Gi")]
    {
        let size = format!("services.intake.views.size={values}");
        let rendered = beside(&[(intake, set(3, live))], &["--set", &size]);
        rendered.with_context(|| format!("{live} runs, and {values} are asked for"))?;
    }
    let larger = beside(&[(intake, set(3, "5Gi"))], &[]).err().context("5Gi become 10Gi")?;
    if !larger.to_string().contains("delete statefulset dossier-intake --cascade=orphan") {
        bail!("larger read models are refused without the way: {larger}");
    }
    claims()
}

/// An existing claim keeps its class and access modes and never shrinks; it grows if its class
/// permits expansion.
fn claims() -> Result<()> {
    let documents = "/api/v1/namespaces/dossier/persistentvolumeclaims/dossier-documents";
    let backup = "/api/v1/namespaces/dossier/persistentvolumeclaims/dossier-backup";
    let claim = |name: &str, has: &str| {
        json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": name },
            "spec": { "accessModes": ["ReadWriteOncePod"], "storageClassName": "local-path", "resources": { "requests": { "storage": has } } } })
    };
    let at = "/apis/storage.k8s.io/v1/storageclasses/local-path";
    let class = |grows: Option<bool>| {
        json!({ "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": { "name": "local-path" },
            "provisioner": "x.example", "allowVolumeExpansion": grows })
    };
    for (path, name, value) in [
        (documents, "dossier-documents", "documents.size"),
        (backup, "dossier-backup", "backup.size"),
    ] {
        let own = "documents.bucket=,backup.enabled=true";
        for (has, asked, size) in [
            ("10Gi", "100Gi", "100Gi"),
            ("1Ti", "100Gi", "1Ti"),
            ("107374182400", "10Gi", "107374182400"),
        ] {
            // The class is looked up only if the claim grows.
            let classes = (size == asked).then(|| (at, class(Some(true))));
            let objects: Vec<_> = [(path, claim(name, has))].into_iter().chain(classes).collect();
            let rendered = beside(&objects, &["--set", &format!("{own},{value}={asked}")])?;
            let spec = resource(&rendered, "PersistentVolumeClaim", name)?["spec"].clone();
            let wanted = json!({ "accessModes": ["ReadWriteOncePod"], "storageClassName": "local-path",
                "resources": { "requests": { "storage": size } } });
            if spec != wanted {
                bail!("{name} of {has} with {asked} becomes {spec}");
            }
        }
        // The class forbids expansion, does not say, or does not exist.
        for class in [Some(class(Some(false))), Some(class(None)), None] {
            let said = format!("class {class:?}");
            let classes = class.map(|class| (at, class));
            let objects: Vec<_> =
                [(path, claim(name, "10Gi"))].into_iter().chain(classes).collect();
            let larger = beside(&objects, &["--set", &format!("{own},{value}=100Gi")]).err();
            let refused = larger.with_context(|| format!("{value}: 10Gi become 100Gi, {said}"))?;
            if !refused.to_string().contains(&format!("Set {value}=10Gi")) {
                bail!("{value}, {said}: refused without the way: {refused}");
            }
            let kept = format!("{own},{value}=10Gi");
            beside(&objects, &["--set", &kept]).with_context(|| format!("the way, {said}"))?;
        }
    }
    Ok(())
}

fn resource(rendered: &str, kind: &str, name: &str) -> Result<Value> {
    let found = resources(rendered)?
        .into_iter()
        .find(|resource| resource["kind"] == kind && resource["metadata"]["name"] == name);
    found.with_context(|| format!("no {kind} {name}"))
}

/// Renders the production profile in a cluster with these objects.
fn beside(objects: &[(&str, Value)], arguments: &[&str]) -> Result<String> {
    let address = serve(objects)?;
    let server = format!("--kube-apiserver=http://{address}");
    // Without resources of operators, which this cluster does not know.
    let own = ["--set", "monitoring.enabled=false,route.enabled=false"];
    let asked =
        ["--dry-run=server", "--disable-openapi-validation", "--kubeconfig=/dev/null", &server];
    template(&values_of("production"), &[&asked, &own[..], arguments].concat())
}

/// Serves the discovery and the objects until the process ends.
fn serve(objects: &[(&str, Value)]) -> Result<SocketAddr> {
    let mut known: Vec<(String, Value)> =
        objects.iter().map(|(path, object)| ((*path).to_owned(), owned(object))).collect();
    known.extend(discovery());
    let known = Arc::new(known);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let known = Arc::clone(&known);
            // A client that disconnects gets no answer.
            std::thread::spawn(move || answer(&connection, &known).is_ok());
        }
    });
    Ok(address)
}

/// Adds helm's ownership labels; helm does not touch objects without them.
fn owned(object: &Value) -> Value {
    let mut object = object.clone();
    object["metadata"]["labels"] = json!({ "app.kubernetes.io/managed-by": "Helm" });
    object["metadata"]["annotations"] = json!({
        "meta.helm.sh/release-name": "dossier", "meta.helm.sh/release-namespace": "dossier" });
    object
}

fn answer(mut connection: &TcpStream, known: &[(String, Value)]) -> Result<()> {
    let mut lines = BufReader::new(connection).lines();
    let asked = lines.next().context("nothing is asked")??;
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = asked.split([' ', '?']).nth(1).unwrap_or_default();
    let found = known.iter().find(|(at, _)| at == path).map(|(_, object)| object.clone());
    let status = if found.is_some() { "200 OK" } else { "404 Not Found" };
    let nothing = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404 });
    let body = found.unwrap_or(nothing).to_string();
    write!(
        connection,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )?;
    Ok(())
}

/// Discovery documents of a cluster and its kinds.
fn discovery() -> Vec<(String, Value)> {
    let mut known = vec![
        ("/version".to_owned(), json!({ "major": "1", "minor": "36", "gitVersion": "v1.36.0" })),
        ("/api".to_owned(), json!({ "kind": "APIVersions", "versions": ["v1"] })),
    ];
    let mut versions: Vec<&str> = KINDS.iter().map(|(version, _, _)| *version).collect();
    versions.dedup();
    let groups: Vec<Value> = versions
        .iter()
        .filter_map(|version| {
            let (group, number) = version.split_once('/')?;
            let version = json!({ "groupVersion": version, "version": number });
            Some(json!({ "name": group, "versions": [version.clone()], "preferredVersion": version }))
        })
        .collect();
    let list = json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups });
    known.push(("/apis".to_owned(), list));
    for version in versions {
        let kinds = KINDS.iter().filter(|(of, _, _)| *of == version);
        let kinds: Vec<Value> = kinds
            .map(|(_, kind, plural)| {
                let namespaced = *kind != "StorageClass";
                json!({ "name": plural, "namespaced": namespaced, "kind": kind, "verbs": ["get", "list"] })
            })
            .collect();
        let at = if version.contains('/') { "apis" } else { "api" };
        let list =
            json!({ "kind": "APIResourceList", "groupVersion": version, "resources": kinds });
        known.push((format!("/{at}/{version}"), list));
    }
    known
}
