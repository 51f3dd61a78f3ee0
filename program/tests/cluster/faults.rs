//! Whatever breaks: no acknowledged step is lost, none is applied twice, no deadline stays unenforced, and every service is
//! ready again without a hand.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use cluster::{Cluster, NATS_SERVERS, REPLICAS, SERVICES, rest, wait_until};

use crate::portal::{Load, Portal, again, verify};
use crate::{ONE_AT_A_TIME, folder, say, start};

/// For how long something is gone: longer than a lease.
const GONE: Duration = Duration::from_secs(8);
/// Within what time every service is ready again and carries dossiers.
const RECOVERY_MAX: Duration = Duration::from_secs(60);

/// The replica that leads its service.
pub(crate) fn leader(cluster: &Cluster, service: &str) -> usize {
    let leads = |n: &usize| {
        let replica = cluster.replicas.iter().find(|r| r.service == service && r.number == *n);
        replica.and_then(|replica| replica.metric("dossier_leads")) == Some(1.0)
    };
    let mut found = None;
    wait_until("a leader", || {
        found = (1..=REPLICAS).find(leads);
        Ok(found.is_some())
    })
    .unwrap();
    found.unwrap()
}

/// No fault: nobody must notice.
const REPLACED: &str =
    "each replica is told to stop and replaced, one after another, as an upgrade does";

type Fault = (&'static str, fn(&mut Cluster));

const FAULTS: [Fault; 11] = [
    ("the leading replica of each service is killed", |cluster| {
        for service in SERVICES {
            let number = leader(cluster, service);
            let replica = cluster.replica(service, number).unwrap();
            replica.process.kill();
            replica.revive().unwrap();
        }
    }),
    (REPLACED, |cluster| {
        for replica in &mut cluster.replicas {
            replica.process.signal("TERM").unwrap();
            assert!(replica.process.ended().unwrap(), "{} did not end well", replica.service);
            replica.revive().unwrap();
            replica.wait_until_ready().unwrap();
        }
    }),
    ("the leading server of the bus is killed", |cluster| {
        let leader = cluster.nats.leader().unwrap_or(0);
        cluster.nats.kill(leader);
        rest(GONE);
        cluster.nats.revive(leader).unwrap();
    }),
    ("all servers of the bus lose all they have", |cluster| {
        (0..NATS_SERVERS).for_each(|server| cluster.nats.kill(server));
        for server in 0..NATS_SERVERS {
            cluster.nats.forget(server).unwrap();
            cluster.nats.revive(server).unwrap();
        }
    }),
    ("the event store crashes and is started again", |cluster| {
        cluster.postgres.kill().unwrap();
        rest(Duration::from_secs(2));
        cluster.postgres.revive().unwrap();
    }),
    ("a leading replica sleeps until its lease has expired, and wakes", |cluster| {
        let number = leader(cluster, "review");
        let replica = cluster.replica("review", number).unwrap();
        replica.process.signal("STOP").unwrap();
        rest(GONE);
        replica.process.signal("CONT").unwrap();
    }),
    ("nothing comes through between the services and the bus", |cluster| {
        cluster.nats.signal("STOP").unwrap();
        rest(GONE);
        cluster.nats.signal("CONT").unwrap();
    }),
    ("every sync of the event store takes a tenth of a second longer", |cluster| {
        cluster.postgres.slow(Duration::from_millis(100)).unwrap();
        rest(GONE);
        cluster.postgres.slow(Duration::ZERO).unwrap();
    }),
    ("the object store of documents is killed, and started again", |cluster| {
        cluster.objects.kill();
        rest(GONE);
        cluster.objects.revive().unwrap();
    }),
    ("the clock of a leading replica is set ten minutes ahead, and right again", clock_ahead),
    ("the disk of the read models of a replica is full for a while", disk_full),
];

/// A process under another clock (Debian's package `faketime`): what it is now says a file.
fn clock_ahead(cluster: &mut Cluster) {
    let library = cluster::tools::faketime().unwrap();
    let file = cluster.data().join("what-time-it-is");
    set_clock(&file, "+0");
    let environment = [
        ("LD_PRELOAD", library.display().to_string()),
        ("FAKETIME_TIMESTAMP_FILE", file.display().to_string()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ];
    let number = leader(cluster, "intake");
    let replica = cluster.replica("intake", number).unwrap();
    replica.revive_with(&environment).unwrap();
    replica.wait_until_ready().unwrap();
    // It must lead to do harm: the other one is away until it does.
    let other = REPLICAS + 1 - number;
    cluster.replica("intake", other).unwrap().process.kill();
    let replica = cluster.replica("intake", number).unwrap();
    wait_until("the lead", || Ok(replica.metric("dossier_leads") == Some(1.0))).unwrap();
    let away = cluster.replica("intake", other).unwrap();
    away.revive().unwrap();
    away.wait_until_ready().unwrap();
    set_clock(&file, "+10m");
    let replica = cluster.replica("intake", number).unwrap();
    wait_until("a replica that knows that its clock is wrong", || Ok(!replica.is_ready())).unwrap();
    wait_until("another leader", || Ok(replica.metric("dossier_leads") == Some(0.0))).unwrap();
    assert_eq!(leader(cluster, "intake"), other);
    let replica = cluster.replica("intake", number).unwrap();
    replica.revive_with(&environment).unwrap();
    assert!(!replica.process.ended().unwrap(), "it starts with a wrong clock");
    assert!(replica.logged().unwrap().contains("clock differs from the event store's"));
    replica.revive().unwrap();
}

/// Sets how far the clock of the processes that read `file` is ahead. They read it whenever they
/// ask for the time, so it is replaced as a whole.
fn set_clock(file: &Path, ahead: &str) {
    let next = file.with_extension("next");
    std::fs::write(&next, ahead).unwrap();
    std::fs::rename(&next, file).unwrap();
}

/// A small disk of one's own, where this test may mount one.
fn disk_full(cluster: &mut Cluster) {
    let replica = cluster.replica("register", 1).unwrap();
    replica.process.kill();
    let views = replica.views();
    let mounted =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(&views).status();
    let mounted = mounted.is_ok_and(|mounted| mounted.success());
    if !mounted {
        say(format_args!("no disk can be mounted here: what a full one does was not seen"));
    }
    replica.revive().unwrap();
    replica.wait_until_ready().unwrap();
    if mounted {
        let filler = views.join("filler");
        let filled = std::fs::write(&filler, vec![0; 16 * 1024 * 1024]);
        assert!(filled.is_err(), "the disk is not full");
        let lag = || replica.metric("dossier_view_lag");
        // Until then its files have room of their own: the write-ahead log is written anew in place.
        let mut before: Option<f64> = None;
        wait_until("a read model that a full disk holds up", || {
            rest(GONE / 4);
            let (was, now) = (before, lag().unwrap_or_default());
            before = Some(now);
            Ok(was.is_some_and(|was| was > 0.0 && now > was))
        })
        .unwrap();
        let behind = before.unwrap_or_default();
        std::fs::remove_file(&filler).unwrap();
        wait_until("a read model that has caught up", || {
            Ok(replica.metric("dossier_view_lag").is_some_and(|lag| lag < behind / 2.0))
        })
        .unwrap();
        replica.process.kill();
        assert!(Command::new("umount").arg(&views).status().unwrap().success());
        replica.revive().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_breaks_every_acknowledged_step_stands_in_the_log_once() {
    cluster::needs!(Cluster::installed(), cluster::tools::faketime());
    let _one = ONE_AT_A_TIME.lock().await;
    let folder = folder();
    let mut cluster = start(&folder);
    let portal = Portal::open(cluster.address(), &cluster.data(), "faults").await;
    let load = Load::begin(&portal, 3);
    for (name, fault) in FAULTS {
        load.more(6).await;
        let (begun, before) = (Instant::now(), again());
        tokio::task::block_in_place(|| fault(&mut cluster));
        let over = Instant::now();
        tokio::task::block_in_place(|| cluster.wait_until_ready()).unwrap();
        let ready = over.elapsed();
        load.more(6).await;
        let again = again() - before;
        say(format_args!(
            "{name}: {:.1} s long, ready {:.1} s and six more dossiers {:.1} s after it, {again} requests sent again",
            (over - begun).as_secs_f64(),
            ready.as_secs_f64(),
            over.elapsed().as_secs_f64()
        ));
        assert!(name != REPLACED || again == 0, "{again} requests were not answered");
        assert!(over.elapsed() < RECOVERY_MAX, "{name}");
    }
    let ids = load.end().await;
    verify(&cluster.postgres.url, &ids).await;
    say(format_args!("{} dossiers, {} sent again", ids.len(), again()));
}
