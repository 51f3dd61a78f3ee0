//! Whatever breaks: no acknowledged step is lost, none is applied twice, no deadline stays unenforced, and every service is
//! ready again without a hand.

use std::time::{Duration, Instant};

use cluster::{Cluster, NATS_SERVERS, REPLICAS, SERVICES, wait_until};

use crate::portal::{Load, Portal, verify};
use crate::{ONE_AT_A_TIME, folder, say, start};

/// For how long something is gone: longer than a lease.
const GONE: Duration = Duration::from_secs(8);
/// Within what time every service is ready again and carries dossiers.
const RECOVERY_MAX: Duration = Duration::from_secs(60);

fn rest(time: Duration) {
    let until = Instant::now() + time;
    wait_until("the end of a fault", || Ok(Instant::now() >= until)).unwrap();
}

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

type Fault = (&'static str, fn(&mut Cluster));

const FAULTS: [Fault; 7] = [
    ("the leading replica of each service is killed", |cluster| {
        for service in SERVICES {
            let number = leader(cluster, service);
            let replica = cluster.replica(service, number).unwrap();
            replica.process.kill();
            replica.revive().unwrap();
        }
    }),
    ("a replica of each service is told to stop, and ends by itself", |cluster| {
        for service in SERVICES {
            let replica = cluster.replica(service, 1).unwrap();
            replica.process.signal("TERM").unwrap();
            assert!(replica.process.ended().unwrap(), "{service} did not end well");
            replica.revive().unwrap();
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
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_breaks_every_acknowledged_step_stands_in_the_log_once() {
    let _one = ONE_AT_A_TIME.lock().await;
    let folder = folder();
    let mut cluster = start(&folder);
    let portal = Portal::open(cluster.address(), &cluster.data(), "faults").await;
    let load = Load::begin(&portal, 3);
    for (name, fault) in FAULTS {
        load.more(6).await;
        let begun = Instant::now();
        tokio::task::block_in_place(|| fault(&mut cluster));
        let over = Instant::now();
        tokio::task::block_in_place(|| cluster.wait_until_ready()).unwrap();
        let ready = over.elapsed();
        load.more(6).await;
        say(format_args!(
            "{name}: {:.1} s long, ready {:.1} s and six more dossiers {:.1} s after it",
            (over - begun).as_secs_f64(),
            ready.as_secs_f64(),
            over.elapsed().as_secs_f64()
        ));
        assert!(over.elapsed() < RECOVERY_MAX, "{name}");
    }
    let ids = load.end().await;
    verify(&cluster.postgres.url, &ids).await;
    say(format_args!("{} dossiers, {} sent again", ids.len(), crate::portal::again()));
}
