// Asks the development decision point on this machine, as the device plc-0042, when to rotate. Run it in the root of the repository.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const pem = name => readFileSync(`.policym2m/pki/${name}.pem`);
const contract = loadSync('policym2m/v1/decision_service.proto', { includeDirs: ['schemas/proto'], enums: String, longs: Number });
const { DecisionService } = grpc.loadPackageDefinition(contract).policym2m.v1;
const client = new DecisionService('localhost:8443', grpc.credentials.createSsl(pem('ca'), pem('device-key'), pem('device')));
const issued = new Date(new X509Certificate(pem('device')).validFrom).toISOString().slice(0, 19) + 'Z';
const attributes = { 'device.type': { text: 'plc' }, 'network.zone': { text: 'cell' }, 'credential.issued-at': { text: issued } };

client.decide({ attributes, kinds: ['DECISION_KIND_ROTATION'] }, (error, answer) =>
  console.dir(error ?? answer.decisions, { depth: null, breakLength: 120 }));
