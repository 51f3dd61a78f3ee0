const services = ["intake", "payment", "review", "result-delivery", "feedback", "register"];
const element = (name, text) => Object.assign(document.createElement(name), { textContent: text ?? "" });
const resolve = (api, value) =>
  value?.$ref ? value.$ref.slice(2).split("/").reduce((part, key) => part[key], api) : value;
const json = (value) => element("pre", JSON.stringify(value, null, 2));

async function show(service) {
  const api = await (await fetch(`openapi/${service}.json`)).json();
  const section = document.createElement("section");
  section.append(element("h2", api.info.title), element("p", api.info.description));
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const details = document.createElement("details");
      const summary = document.createElement("summary");
      const verb = element("code", `${method.toUpperCase()} `);
      verb.className = method;
      summary.append(verb, element("code", path), element("span", `  ${operation.summary ?? ""}`));
      details.append(summary);
      const body = operation.requestBody?.content;
      for (const [type, content] of Object.entries(body ?? {})) {
        details.append(element("p", `Body, ${type}:`), json(resolve(api, content.schema)));
      }
      for (const [status, response] of Object.entries(operation.responses)) {
        const [type, content] = Object.entries(response.content ?? {})[0] ?? [];
        details.append(element("p", `${status}: ${response.description} ${type ?? ""}`));
        if (status !== "default" && content?.schema) details.append(json(resolve(api, content.schema)));
      }
      section.append(details);
    }
  }
  document.querySelector("main").append(section);
  const link = Object.assign(element("a", service), { href: `openapi/${service}.json` });
  document.querySelector("#documents").append(", ", link);
}
services.reduce((before, service) => before.then(() => show(service)), Promise.resolve());
