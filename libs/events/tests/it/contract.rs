//! Every engine against every rule of the contract.

use events::{
    AppendError, EventStore, Expected, Faults, NewEvent, SqliteOptions, StreamName, contract_tests,
};
use uuid::Uuid;

/// What engines with an index over all ids promise beyond rule 7.
async fn an_id_of_another_stream_is_refused(store: EventStore) {
    let event = NewEvent {
        id: Uuid::from_u128(1),
        kind: "test.Event.v1".into(),
        data: "{}".to_owned(),
        meta: "{}".to_owned(),
    };
    let stream = |name: &str| StreamName::new(name).unwrap();
    store.append(&stream("a-1"), Expected::NoStream, vec![event.clone()]).await.unwrap();
    let elsewhere = store.append(&stream("a-2"), Expected::NoStream, vec![event]).await;
    assert!(matches!(elsewhere, Err(AppendError::IdReused(_))), "{elsewhere:?}");
    assert!(store.read(&stream("a-2"), None).await.unwrap().is_empty());
}

#[tokio::test]
async fn engines_that_know_all_ids_refuse_one_of_another_stream() {
    let (file, _folder) = sqlite();
    an_id_of_another_stream_is_refused(file).await;
    an_id_of_another_stream_is_refused(EventStore::memory()).await;
    #[cfg(feature = "postgres")]
    {
        cluster::needs!(cluster::postgres());
        an_id_of_another_stream_is_refused(crate::database::fresh().await.0).await;
    }
}

fn sqlite() -> (EventStore, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store =
        EventStore::sqlite(&folder.path().join("log.sqlite"), SqliteOptions::default()).unwrap();
    (store, folder)
}

contract_tests!(memory, (EventStore::memory(), ()));
contract_tests!(sqlite_file, sqlite());
contract_tests!(faulty, (EventStore::faulty(EventStore::memory(), Faults::default()), ()));
#[cfg(feature = "eventstoredb")]
contract_tests!(eventstoredb_server, crate::eventstoredb::fresh().await);
#[cfg(feature = "postgres")]
contract_tests!(postgres_server, {
    cluster::needs!(cluster::postgres());
    crate::database::fresh().await
});
