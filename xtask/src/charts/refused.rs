//! Values that the chart must refuse, each with its own message: a refusal for another reason
//! proves nothing.

use anyhow::{Result, bail};

use super::{template, values_of};

/// Settings beside those of production, and a part of the message.
const REFUSED: [(&str, &str); 22] = [
    ("replicas=2", "additional properties 'replicas' not allowed"),
    ("services.other.replicas=1", "at '/services': additional properties 'other' not allowed"),
    ("services.intake.replicas=0", "at '/services/intake/replicas': minimum: got 0, want 1"),
    ("services.intake.views.size=10G", "at '/services/intake/views/size'"),
    (
        "services.intake.autoscale.max=2",
        "services.intake.autoscale.max: 2 is less than replicas (3)",
    ),
    ("bus.enabled=false", "services.exchange.replicas: without a bus a service runs once"),
    (ONE_EACH, "services.intake.autoscale.enabled: without a bus a service runs once"),
    ("bus.existingSecret=,bus.servers=nats://nats:4222", "bus.servers: nats://nats:4222"),
    ("identity.jwks=", "identity.jwks: the address"),
    ("identity.issuer=", "identity.issuer: the iss"),
    ("identity.audience=", "identity.audience: this service's name"),
    ("route.trustedProxies=null", "route.trustedProxies: the gateway's addresses"),
    ("route.enabled=perhaps", "at '/route/enabled': value must be one of true, false, 'auto'"),
    ("documents.existingSecret=", "documents.existingSecret: the bucket's credentials"),
    ("documents.accessModes=null,documents.bucket=", "missing property 'accessModes'"),
    ("image.digest=sha256:12", "at '/image/digest'"),
    ("listen=localhost", "at '/listen': value must be one of '0.0.0.0', '[::]'"),
    ("extraArgs[0]=live", "at '/extraArgs/0': 'live' does not match"),
    ("monitoring.runbook=docs/operating.md", "at '/monitoring/runbook'"),
    ("networkPolicy.dnsPorts=null", "at '/networkPolicy': missing property 'dnsPorts'"),
    ("start.confirmClock=1", "at '/start/confirmClock': got number, want boolean"),
    ("start.withinSeconds=-1", "at '/start/withinSeconds'"),
];

/// Without a bus, one replica of each service; then the autoscaler of a service is an error.
const ONE_EACH: &str = "bus.enabled=false,services.intake.replicas=1,services.payment.replicas=1,\
    services.review.replicas=1,services.result-delivery.replicas=1,services.feedback.replicas=1,\
    services.exchange.replicas=1,services.register.replicas=1,services.intake.autoscale.enabled=true";

pub(super) fn check() -> Result<()> {
    for (values, reason) in REFUSED {
        match template(&values_of("production"), &["--set", values]) {
            Ok(_) => bail!("the chart takes {values}"),
            Err(refused) if refused.to_string().contains(reason) => {}
            Err(refused) => bail!("{values} is refused, but not for {reason:?}: {refused}"),
        }
    }
    // Without the autoscaler the same values are accepted.
    let alone = ONE_EACH.replace("autoscale.enabled=true", "autoscale.enabled=false");
    template(&values_of("production"), &["--set", &alone]).map(|_| ())
}
