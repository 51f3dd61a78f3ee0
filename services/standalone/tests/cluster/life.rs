//! A dossier's life is the same in a cluster as in one process.

use crate::portal::{Load, Portal, verify};
use crate::{ONE_AT_A_TIME, folder, say, start};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dossiers_are_carried_through_a_cluster_and_counted_as_in_one_process() {
    let _one = ONE_AT_A_TIME.lock().await;
    let folder = folder();
    let cluster = start(&folder);
    let portal = Portal::open(cluster.address(), &cluster.data(), "life").await;
    let load = Load::begin(&portal, 4);
    load.more(20).await;
    let ids = load.end().await;
    verify(&cluster.postgres.url, &ids).await;
    say(format_args!("{} dossiers; {:?}", ids.len(), cluster.cpu().unwrap()));
}
