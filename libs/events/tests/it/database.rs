//! Databases of one's own on the PostgreSQL server that the tests share.

use events::EventStore;
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls};

/// The server, and somebody who drives a connection to it.
pub(crate) struct Server {
    pub(crate) client: Client,
    _driver: JoinSet<()>,
}

fn url() -> String {
    cluster::postgres().unwrap()
}

impl Server {
    pub(crate) async fn connect() -> Self {
        Self::connect_to(&url()).await
    }

    pub(crate) async fn connect_to(url: &str) -> Self {
        let (client, wire) = tokio_postgres::connect(url, NoTls).await.unwrap();
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            let _ = wire.await;
        });
        Self { client, _driver: driver }
    }
}

/// The address of a new database.
pub(crate) async fn address() -> String {
    let server = Server::connect().await;
    let name = "SELECT 'log_' || replace(gen_random_uuid()::text, '-', '')";
    let name: String = server.client.query_one(name, &[]).await.unwrap().get(0);
    server.client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    let url = url();
    let (server, _) = url.rsplit_once('/').expect("the address names no database");
    format!("{server}/{name}")
}

/// A store in a database of its own, which goes with the server.
pub(crate) async fn fresh() -> (EventStore, ()) {
    (EventStore::postgres(&address().await).await.unwrap(), ())
}

/// A port that nobody listens at.
pub(crate) fn port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
