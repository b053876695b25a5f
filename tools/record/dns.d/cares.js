// Asks by way of c-ares, which is what node's dns.Resolver is.
'use strict';
const { Resolver } = require('node:dns').promises;

async function ask(resolver, questions) {
	for (const [method, name] of questions) {
		try {
			await resolver[method](name);
		} catch (error) {
			if (error.code === 'ECONNREFUSED' || error.code === 'ETIMEOUT')
				throw error;
		}
	}
}

async function main() {
	const resolver = new Resolver({ timeout: 1000, tries: 2 });
	resolver.setServers(['192.0.2.1']);
	await ask(resolver, [
		['resolve4', 'www.example'], ['resolve6', 'www.example'], ['resolveMx', 'example'],
		['resolveNs', 'example'], ['resolveSoa', 'example'], ['resolveTxt', 'text.example'],
		['resolveSrv', '_sip._udp.example'], ['resolveCname', 'ftp.example'],
		['resolveNaptr', 'www.example'], ['resolveCaa', 'example'], ['resolveAny', 'www.example'],
		['reverse', '192.0.2.80'], ['resolve4', 'nothing.example'],
	]);
	await Promise.all(['www', 'mail', 'ns1', 'ns2', 'ftp'].map((host) =>
		ask(resolver, [['resolve4', `${host}.example`]])));
	resolver.setServers(['192.0.2.9', '192.0.2.1']);
	await ask(resolver, [['resolve4', 'www.example']]);
}

main().catch((error) => {
	console.error(error);
	process.exitCode = 1;
});
