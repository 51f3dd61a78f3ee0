//! Every engine against every sentence of the contract.

use events::{EventStore, Faults, SqliteOptions, contract_tests};

fn sqlite() -> (EventStore, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store =
        EventStore::sqlite(&folder.path().join("log.sqlite"), SqliteOptions::default()).unwrap();
    (store, folder)
}

contract_tests!(memory, (EventStore::memory(), ()));
contract_tests!(sqlite_file, sqlite());
contract_tests!(faulty, (EventStore::faulty(EventStore::memory(), Faults::default()), ()));
#[cfg(feature = "postgres")]
contract_tests!(postgres_server, crate::database::fresh().await);
