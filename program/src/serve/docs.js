const services = ["intake", "payment", "review", "result-delivery", "feedback", "register", "process"];
const element = (name, text) => Object.assign(document.createElement(name), { textContent: text ?? "" });
const resolve = (api, value) =>
  value?.$ref ? value.$ref.slice(2).split("/").reduce((part, key) => part[key], api) : value;
const json = (value) => element("pre", JSON.stringify(value, null, 2));

function parameters(api, operation) {
  const list = element("ul");
  for (const reference of operation.parameters ?? []) {
    const parameter = resolve(api, reference);
    const item = element("li");
    const needed = parameter.required ? "required" : "optional";
    item.append(element("code", parameter.name), ` (${parameter.in}, ${needed}): ${parameter.description ?? ""}`);
    list.append(item);
  }
  return list;
}

// A body or reply: its schema, and an example of it.
function contents(api, what, content) {
  return Object.entries(content ?? {}).flatMap(([type, { schema, example }]) => {
    const parts = [element("p", `${what}, ${type}:`), json(resolve(api, schema?.items ?? schema))];
    return example === undefined ? parts : [...parts, element("p", "Example:"), json(example)];
  });
}

function shown(api, path, method, operation) {
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  const verb = element("code", `${method.toUpperCase()} `);
  verb.className = method;
  summary.append(verb, element("code", path), element("span", `  ${operation.summary ?? ""}`));
  details.append(summary);
  for (const paragraph of (operation.description ?? "").split("\n\n")) details.append(element("p", paragraph));
  details.append(parameters(api, operation), ...contents(api, "Body", operation.requestBody?.content));
  for (const [status, reference] of Object.entries(operation.responses)) {
    const response = resolve(api, reference);
    if (status < "300") {
      details.append(element("p", `${status}: ${response.description}`));
      details.append(...contents(api, "Reply", response.content));
    } else {
      details.append(element("p", `${status}:`), element("pre", response.description));
    }
  }
  return details;
}

async function show(service) {
  const answer = await fetch(`openapi/${service}.json`);
  // A process serves the documents of its own services.
  if (!answer.ok) return;
  const api = await answer.json();
  const section = document.createElement("section");
  section.append(element("h2", api.info.title), element("p", api.info.description));
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) section.append(shown(api, path, method, operation));
  }
  document.querySelector("main").append(section);
  const link = Object.assign(element("a", service), { href: `openapi/${service}.json` });
  document.querySelector("#documents").append(", ", link);
}
services.reduce((before, service) => before.then(() => show(service)), Promise.resolve());
