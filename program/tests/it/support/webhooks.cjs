// Verifies messages with npm `standardwebhooks`, which shares no code with the service. Reads a JSON array of messages from
// standard input and writes an array of true or of the error. The first argument is the folder of `node_modules`.
const { createRequire } = require('node:module');
const packages = createRequire(`${process.argv[2]}/package.json`);
const { Webhook } = packages('standardwebhooks');

const verified = ({ secret, body, headers }) => {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch (error) {
    return error.message;
  }
};

let input = '';
process.stdin.on('data', (part) => (input += part));
process.stdin.on('end', () => process.stdout.write(JSON.stringify(JSON.parse(input).map(verified))));
