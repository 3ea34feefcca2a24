// The licences of everything that is in the bundle.
const { readdirSync, readFileSync } = require('node:fs');

for (const name of ['jssip', 'debug', 'events', 'ms', 'sdp-transform']) {
  const dir = `node_modules/${name}`;
  const { version } = JSON.parse(readFileSync(`${dir}/package.json`, 'utf8'));
  const file = readdirSync(dir).find((entry) => /^licen[sc]e/i.test(entry));
  process.stdout.write(`== ${name} ${version} ==\n\n${readFileSync(`${dir}/${file}`, 'utf8').trim()}\n\n`);
}
