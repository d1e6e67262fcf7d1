// Asks the development decision point on this machine, as the device plc-0042, for its three decisions. Run it in the root of the repository.
import { readFileSync } from 'node:fs';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const pem = name => readFileSync(`.policym2m/pki/${name}.pem`);
const contract = loadSync('policym2m/v1/decision_service.proto', { includeDirs: ['schemas/proto'], enums: String, longs: String });
const { DecisionService } = grpc.loadPackageDefinition(contract).policym2m.v1;
const client = new DecisionService('localhost:8443', grpc.credentials.createSsl(pem('ca'), pem('device-key'), pem('device')));
const attributes = { 'device.type': { text: 'plc' }, 'firmware.version': { text: '2.4.1' } };

client.decide({ attributes }, (error, answer) => console.log(error ? error.message : JSON.stringify(answer, null, 2)));
