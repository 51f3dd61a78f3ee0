//! An installation with partners: its process, theirs, and the comparison of the books.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use cluster::{Process, Provider, free_port, get, rest};
use dossier::contract::Role;
use serde_json::{Value, json};
use web::auth::DevelopmentKey;

use crate::support::{Browser, root, token};

pub(crate) const AGENCY: &str = "G02.001";
pub(crate) const FEE: i64 = 30_000;
const SECRET: &str = "KHOAMOI";
/// How long something may take that happens by itself.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// Files of partners with the hosts of their examples, and what their simulators need.
const PARTNERS: &[(&str, &str)] = &[
    ("vnpay", "https://sandbox.vnpayment.vn"),
    ("momo", "https://test-payment.momo.vn"),
    ("national-platform", "https://payment.example"),
];

pub(crate) struct Installation {
    process: Option<Process>,
    pub(crate) browser: Browser,
    pub(crate) providers: BTreeMap<&'static str, Provider>,
    pub(crate) dossiers: Vec<Dossier>,
    key: DevelopmentKey,
    folder: tempfile::TempDir,
    arguments: Vec<String>,
}

/// A dossier whose fee is paid.
#[derive(Debug, Clone)]
pub(crate) struct Dossier {
    pub(crate) id: String,
    pub(crate) payer: String,
}

impl Dossier {
    pub(crate) fn payments(&self) -> String {
        format!("/v1/payments/{}", self.id)
    }
}

/// What was begun at a partner.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) dossier: Dossier,
    pub(crate) partner: &'static str,
    /// The reference in the partner's messages.
    pub(crate) reference: String,
    pub(crate) next_url: String,
}

fn configuration(partner: &str, notices: &str) -> Value {
    let mut configuration = match partner {
        "vnpay" => json!({ "scheme": "vnpay", "merchant": "DOSSIER1" }),
        "momo" => {
            json!({ "scheme": "momo", "partner_code": "MOMODOSSIER", "access_key": "ACCESSKEY" })
        }
        _ => json!({ "scheme": "national-platform", "partner_code": "DT001" }),
    };
    configuration["secret"] = json!(SECRET);
    configuration["notify"] = json!(notices);
    configuration
}

impl Installation {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["partners", "secrets", "data"] {
            std::fs::create_dir(at(name)).unwrap();
        }
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
        let (mut providers, mut authorities) = (BTreeMap::new(), String::new());
        for (name, host) in PARTNERS {
            let notices = format!("http://{address}/v1/partners/{name}/notices");
            let provider = Provider::start(&at(name), &configuration(name, &notices)).unwrap();
            let example = root().join(format!("examples/partners/{name}.yaml"));
            let text = std::fs::read_to_string(example).unwrap();
            let text = text.replace("enabled: false", "enabled: true");
            let text = text.replace(host, &provider.address);
            let text: String = text
                .lines()
                .filter(|line| !line.starts_with("limits:"))
                .fold(String::new(), |text, line| text + line + "\n");
            let more = "limits: { timeout_seconds: 1, calls_per_minute: 6000 }\n\
                        private_networks: [127.0.0.0/8, \"::1/128\"]\n";
            std::fs::write(at("partners").join(format!("{name}.yaml")), text + more).unwrap();
            for secret in [format!("{name}-2026"), format!("{name}-2025")] {
                std::fs::write(at("secrets").join(secret), SECRET).unwrap();
            }
            authorities += &std::fs::read_to_string(&provider.ca).unwrap();
            providers.insert(*name, provider);
        }
        std::fs::write(at("authorities.pem"), authorities).unwrap();
        set_clock(&at("clock"), 0);
        let key = DevelopmentKey::in_folder(&at("data")).unwrap();
        let path = |name: &str| at(name).display().to_string();
        let arguments = [
            "serve",
            "--listen",
            &address.to_string(),
            "--data",
            &path("data"),
            "--partners",
            &path("partners"),
            "--partner-secrets",
            &path("secrets"),
            "--public-url",
            &format!("http://{address}"),
            "--authority",
            &path("authorities.pem"),
        ]
        .map(ToOwned::to_owned)
        .to_vec();
        let (process, dossiers) = (None, Vec::new());
        let browser = Browser::new(address);
        let mut started = Self { process, browser, providers, dossiers, key, folder, arguments };
        started.revive();
        started
    }

    /// Starts our process again, under the clock of the file `clock` where that can be.
    pub(crate) fn revive(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dossier"));
        command.args(&self.arguments);
        if let Ok(library) = cluster::tools::faketime() {
            command.env("LD_PRELOAD", library);
            command.env("FAKETIME_TIMESTAMP_FILE", self.folder.path().join("clock"));
            command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        let log = self.folder.path().join("dossier.log");
        let mut process = Process::start(&mut command, &log).unwrap();
        let address = self.browser.address;
        cluster::wait_until("our process", || {
            assert!(!process.has_ended()?, "it ended: {}", std::fs::read_to_string(&log)?);
            Ok(get(address, "/health/ready").is_some_and(|(status, _)| status == 200))
        })
        .unwrap();
        self.process = Some(process);
    }

    /// Adds the file of a partner that is not called, and starts again with it.
    pub(crate) fn add_partner(&mut self, name: &str, text: &str) {
        let path = self.folder.path().join("partners").join(format!("{name}.yaml"));
        std::fs::write(path, text).unwrap();
        self.kill();
        self.revive();
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        self.take().kill();
    }

    /// Our process, to be killed by somebody else.
    pub(crate) fn take(&mut self) -> Process {
        self.process.take().unwrap()
    }

    /// Sets our clock ahead of the partners'.
    pub(crate) fn ahead(&self, minutes: u32) {
        set_clock(&self.folder.path().join("clock"), minutes);
    }

    pub(crate) fn token(&self, role: Role, subject: &str, agency: &str) -> String {
        token(&self.key, role, subject, agency)
    }

    pub(crate) fn cashier(&self) -> String {
        self.token(Role::Cashier, "k1", AGENCY)
    }

    pub(crate) fn command(&self, partner: &str, path: &str, body: &Value) -> Value {
        self.providers[partner].command("POST", path, body).unwrap()
    }

    /// A dossier whose fee is assessed.
    pub(crate) async fn dossier(&mut self) -> Dossier {
        let payer = self.token(Role::Applicant, &format!("a{}", self.dossiers.len()), "");
        self.dossier_of(payer).await
    }

    /// A dossier of this payer whose fee is assessed.
    pub(crate) async fn dossier_of(&mut self, payer: String) -> Dossier {
        let mut documents = Vec::new();
        for component in ["application", "export_declaration", "invoice"] {
            let document = self.browser.upload(&payer, component).await;
            documents.push(
                json!({ "component": component, "document": document, "file_name": "a.pdf" }),
            );
        }
        let body = json!({
            "procedure": "CO.D", "agency": AGENCY, "channel": "online", "documents": documents,
            "delivery": { "channel": "download" },
            "form": {
                "exporter": { "name": "Công ty Dệt", "tax_code": "0101234565", "address": "Nam Định" },
                "consignee": "Siam Textile", "destination": "TH", "invoice": "INV-1",
                "goods": [{
                    "description": "cotton", "hs": "520811", "origin_criterion": "WO", "quantity": "10 t",
                }],
            },
        });
        let filed = self.browser.post("/v1/dossiers", &payer, "", body).await.granted();
        let dossier = Dossier { id: filed["id"].as_str().unwrap().to_owned(), payer };
        self.dossiers.push(dossier.clone());
        self.until("the fee", &dossier, |shown| shown["total_vnd"] == FEE).await;
        dossier
    }

    /// The payment of a dossier, as soon as it is as expected.
    pub(crate) async fn until(
        &self,
        what: &str,
        dossier: &Dossier,
        is: impl Fn(&Value) -> bool,
    ) -> Value {
        let begun = Instant::now();
        loop {
            let shown = self.browser.get(&dossier.payments(), &dossier.payer).await;
            if shown.status == 200 && is(&shown.body) {
                return shown.body;
            }
            let log = || std::fs::read_to_string(self.folder.path().join("dossier.log"));
            assert!(begun.elapsed() < WAIT_MAX, "no {what}: {}\n{}", shown.body, log().unwrap());
            tokio::task::block_in_place(|| rest(Duration::from_millis(250)));
        }
    }

    /// A step of an officer or a payer on a payment as it is now.
    pub(crate) async fn step(
        &self,
        dossier: &Dossier,
        step: &str,
        who: &str,
        body: Value,
    ) -> crate::support::Answer {
        let etag = self.browser.get(&dossier.payments(), who).await.etag();
        let path = format!("{}/{step}", dossier.payments());
        self.browser.post(&path, who, &etag, body).await
    }

    /// Begins to pay a new dossier through a partner, as far as the payer's browser goes.
    pub(crate) async fn begin(&mut self, partner: &'static str) -> Attempt {
        let dossier = self.dossier().await;
        self.begin_for(dossier, partner).await
    }

    pub(crate) async fn begin_for(&self, dossier: Dossier, partner: &'static str) -> Attempt {
        let return_url = format!("http://{}/desk/", self.browser.address);
        let body = json!({ "provider": partner, "return_url": return_url });
        let payer = dossier.payer.clone();
        self.step(&dossier, "attempts", &payer, body).await.granted();
        self.begun(dossier, partner).await
    }

    /// The attempt of a dossier that a partner has begun.
    pub(crate) async fn begun(&self, dossier: Dossier, partner: &'static str) -> Attempt {
        let of = |shown: &Value| {
            let attempts = shown["attempts"].as_array().unwrap();
            attempts.iter().rfind(|one| one["state"] == "started").cloned()
        };
        // The partner's call may go on after the answer.
        let open = |shown: &Value| of(shown).is_some_and(|one| one["next_url"].is_string());
        let shown = self.until("address to pay", &dossier, open).await;
        self.attempt(dossier, partner, &of(&shown).unwrap())
    }

    /// A payment order that a partner has begun, as an attempt, and its dossiers.
    pub(crate) async fn order(
        &mut self,
        partner: &'static str,
        count: usize,
    ) -> (Vec<Dossier>, Attempt, Value) {
        let mut all = vec![self.dossier().await];
        while all.len() < count {
            let payer = all[0].payer.clone();
            all.push(self.dossier_of(payer).await);
        }
        let ids: Vec<&str> = all.iter().map(|one| &*one.id).collect();
        let return_url = format!("http://{}/desk/", self.browser.address);
        let body = json!({ "dossiers": ids, "provider": partner, "return_url": return_url });
        let payer = all[0].payer.clone();
        let path = "/v1/payment-orders";
        let order = self.browser.post(path, &payer, "", body).await.granted();
        let path = format!("{path}/{}", order["order"].as_str().unwrap());
        let begun = Instant::now();
        loop {
            let shown = self.browser.get(&path, &payer).await.granted();
            if shown["next_url"].is_string() {
                return (all.clone(), self.attempt(all[0].clone(), partner, &shown), shown);
            }
            assert!(begun.elapsed() < WAIT_MAX, "no address to pay: {shown}");
            tokio::task::block_in_place(|| rest(Duration::from_millis(250)));
        }
    }

    fn attempt(&self, dossier: Dossier, partner: &'static str, shown: &Value) -> Attempt {
        let text = |name: &str| shown[name].as_str().unwrap().to_owned();
        let (reference, next_url) = (text("short_reference"), text("next_url"));
        let attempt = Attempt { dossier, partner, reference, next_url };
        if partner == "vnpay" {
            let opened = self.command(partner, "/open", &json!({ "url": attempt.next_url }));
            assert_eq!(opened["status"], 200, "{opened}");
        }
        attempt
    }

    /// The payer pays, and the partner reports.
    pub(crate) fn pay(&self, attempt: &Attempt, mut how: Value) -> Vec<Value> {
        how["reference"] = json!(attempt.reference);
        self.command(attempt.partner, "/pay", &how).as_array().unwrap().clone()
    }

    /// The partners' books against ours: each payment there is counted here, once, and nothing else.
    /// Sums of what was captured there and here.
    pub(crate) async fn compare(&self) -> (i64, i64) {
        let cashier = self.cashier();
        let mut counted: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        let (mut here, mut returned) = (0, 0);
        for dossier in &self.dossiers {
            self.until("receipt for every đồng", dossier, Self::has_receipts).await;
            let shown = self.browser.get(&dossier.payments(), &cashier).await.granted();
            for attempt in shown["attempts"].as_array().unwrap() {
                let captured = attempt["captured_vnd"].as_i64().unwrap();
                let reference = attempt["short_reference"].as_str().unwrap_or_default();
                assert_eq!(attempt["doubts"], json!([]), "{attempt}");
                // The attempts of a payment order have one reference.
                counted.entry(reference.to_owned()).or_default().0 += captured;
                here += captured;
            }
            returned += shown["refunded_vnd"].as_i64().unwrap();
        }
        let mut there = 0;
        let mut gone = 0;
        for (name, provider) in &self.providers {
            let books = provider.books().unwrap();
            assert_eq!(books["defects"], json!([]), "{name}");
            for paid in books["transactions"].as_array().unwrap() {
                let amount = paid["amount"].as_i64().unwrap();
                if paid["outcome"] == "captured" {
                    let one = counted.entry(paid["reference"].as_str().unwrap().to_owned());
                    one.or_default().1 += amount;
                    there += amount;
                }
                gone += paid["refunded"].as_i64().unwrap();
            }
        }
        let differ: Vec<_> = counted.iter().filter(|(_, (here, there))| here != there).collect();
        assert!(differ.is_empty(), "counted here, paid there: {differ:?}");
        assert_eq!(returned, gone, "refunded here, and there");
        (there, here)
    }

    /// Whether every đồng of a dossier is a receipt or owed back. Receipts are numbered a moment later.
    fn has_receipts(shown: &Value) -> bool {
        let amount = |name: &str| shown[name].as_i64().unwrap();
        let receipts = shown["receipts"].as_array().unwrap();
        let receipted: i64 =
            receipts.iter().map(|one| one["stands_for_vnd"].as_i64().unwrap()).sum();
        let net = amount("received_vnd") - amount("refunded_vnd");
        net == receipted + amount("owed_back_vnd")
    }

    /// Ends our process; its log must be whole.
    pub(crate) async fn checked(mut self) {
        let process = self.process.take().unwrap();
        process.signal("TERM").unwrap();
        let mut process = process;
        assert!(process.ended().unwrap());
        let log = self.data().join("log.sqlite");
        let store = events::EventStore::sqlite(&log, events::SqliteOptions::default()).unwrap();
        let report = program::check(&store).await.unwrap();
        assert!(report.findings.is_empty(), "{:?}", report.findings);
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

/// Sets how far the clock of the processes that read `file` is ahead. They read it whenever they
/// ask for the time, so it is replaced as a whole.
fn set_clock(file: &Path, minutes: u32) {
    let next = file.with_extension("next");
    std::fs::write(&next, format!("+{minutes}m")).unwrap();
    std::fs::rename(&next, file).unwrap();
}
