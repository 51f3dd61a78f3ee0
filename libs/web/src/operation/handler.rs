//! Handlers: functions of the service's state, the parameters of the address, and the request.

use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;

use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use crate::{Problem, Reply, Request, Upload};

/// The future of an answer.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Result<Reply, Problem>> + Send>>;

/// A parameter of an address: read from one segment of the path, and described by a schema.
pub trait Parameter: FromStr + ToSchema + Send + 'static {}

impl<T: FromStr + ToSchema + Send + 'static> Parameter for T {}

/// A function that answers requests. `P` is the tuple of the address parameters, 0 to 3 of them.
pub trait Handler<A, P>: Clone + Send + Sync + 'static {
    /// Schemas of the parameters, in the order of the address.
    fn schemas() -> Vec<RefOr<Schema>>;

    /// The answer; `None` if a value cannot be parsed as its parameter, which is answered with 404.
    fn answer(&self, app: &Arc<A>, values: &[&str], request: Request) -> Option<Answering>;
}

/// A function that answers uploads, whose body it reads from `content`.
pub trait UploadHandler<A>: Clone + Send + Sync + 'static {
    fn answer(&self, app: &Arc<A>, request: Request, content: Upload) -> Answering;
}

macro_rules! handlers {
    ($(($($parameter:ident: $value:ident),*);)*) => {$(
        impl<A, H, F, $($parameter),*> Handler<A, ($($parameter,)*)> for H
        where
            A: Send + Sync + 'static,
            H: Fn(Arc<A>, $($parameter,)* Request) -> F + Clone + Send + Sync + 'static,
            F: Future<Output = Result<Reply, Problem>> + Send + 'static,
            $($parameter: Parameter,)*
        {
            fn schemas() -> Vec<RefOr<Schema>> {
                vec![$($parameter::schema()),*]
            }

            fn answer(&self, app: &Arc<A>, values: &[&str], request: Request) -> Option<Answering> {
                let [$($value),*] = *values else { return None };
                $(let $value = $value.parse().ok()?;)*
                Some(Box::pin(self(Arc::clone(app), $($value,)* request)))
            }
        }
    )*};
}

handlers! {
    ();
    (One: one);
    (One: one, Two: two);
    (One: one, Two: two, Three: three);
}

impl<A, H, F> UploadHandler<A> for H
where
    A: Send + Sync + 'static,
    H: Fn(Arc<A>, Request, Upload) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Reply, Problem>> + Send + 'static,
{
    fn answer(&self, app: &Arc<A>, request: Request, content: Upload) -> Answering {
        Box::pin(self(Arc::clone(app), request, content))
    }
}
