// unleash-server.js PORT DATABASE-PORT DIRECTORY - an Unleash with an admin token, for the test beside it
'use strict';
const {createRequire} = require('module');
const [, , port, databasePort, directory] = process.argv;

createRequire(directory + '/from.js')('unleash-server').start({
	db: {
		ssl: false, host: '127.0.0.1', port: Number(databasePort), user: 'postgres', password: 'none',
		database: 'unleash', driver: 'postgres', schema: 'public', pool: {min: 0, max: 4},
	},
	server: {host: '127.0.0.1', port: Number(port)},
	authentication: {
		initApiTokens: [{
			environment: '*', project: '*', type: 'admin', tokenName: 'on-call',
			secret: process.env.UNLEASH_TOKEN,
		}],
	},
	versionCheck: {enable: false},
	logLevel: 'error',
});
