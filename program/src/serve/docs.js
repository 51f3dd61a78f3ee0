// Shows the document of the service that the address names, as in /docs?service=review. The list
// `services` is prepended: the services of this process.
const select = document.querySelector("#service");
const asked = new URLSearchParams(location.search).get("service");
const service = services.includes(asked) ? asked : services[0];
const address = `openapi/${service}.json`;
select.append(...services.map((name) => new Option(name, name, name === service, name === service)));
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
