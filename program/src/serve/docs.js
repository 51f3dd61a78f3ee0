// Shows the document of the service that the address names, as in /docs?service=review. Two lists
// are prepended: `services`, those of this process, and `others`, to which a gateway may lead.
const select = document.querySelector("#service");
const asked = new URLSearchParams(location.search).get("service");
const service = [...services, ...others].includes(asked) ? asked : services[0];
const documentOf = (name) => `openapi/${name}.json`;
const address = documentOf(service);
const offer = (name) => select.append(new Option(name, name, name === service, name === service));
services.forEach(offer);
for (const name of others) {
  fetch(documentOf(name), { method: "HEAD" }).then(({ ok }) => ok && offer(name), () => {});
}
select.addEventListener("change", () => location.assign(`docs?service=${encodeURIComponent(select.value)}`));
document.querySelector("#document").href = address;

const options = {
  expandResponses: "200,201",
  jsonSampleExpandLevel: 4,
  requiredPropsFirst: true,
  scrollYOffset: "nav",
  sortTagsAlphabetically: false,
  theme: { typography: { fontFamily: "system-ui, sans-serif", headings: { fontFamily: "system-ui, sans-serif" } } },
};
Redoc.init(address, options, document.querySelector("#reference"));
