import { listen } from '../../network/listen.ts';
import type { Program } from '../../process/program.ts';
import { defineImage, type Image } from '../image.ts';
import { plausibleTag } from '../reference.ts';
import { debian } from './systems.ts';

/** A server that accepts connections and stays silent: enough for probes, and for Pods that only have to exist. */
function server(port: number, ready: string, needs: readonly string[] = []): Program {
  return async (process) => {
    const given = needs.length === 0 || needs.some((name) => process.environment.get(name) !== undefined);
    if (!given) {
      await process.stderr.write(`error: database is uninitialized and ${needs[0]} is not specified\n`);
      return 1;
    }
    listen(process, { port, connection: () => {} });
    await process.stdout.write(`${ready}\n`);
    await process.untilSignal('SIGTERM', 'SIGINT', 'SIGQUIT');
    return 0;
  };
}

function database(name: string, command: string, port: number, program: Program): Image {
  return defineImage({
    name,
    tags: plausibleTag,
    base: debian,
    command: [command],
    ports: [port],
    sizeBytes: 180_000_000,
    programs: { [command]: program },
  });
}

const mysqlPasswords = ['MYSQL_ROOT_PASSWORD', 'MYSQL_ALLOW_EMPTY_PASSWORD', 'MYSQL_RANDOM_ROOT_PASSWORD'];

/** Databases as far as examples need them: they start, listen and stop. */
export const databaseImages: readonly Image[] = [
  database(
    'mysql',
    'mysqld',
    3306,
    server(3306, 'mysqld: ready for connections. Version: 8.4.0 port: 3306', mysqlPasswords),
  ),
  database('mariadb', 'mariadbd', 3306, server(3306, 'mariadbd: ready for connections. port: 3306')),
  database(
    'postgres',
    'postgres',
    5432,
    server(5432, 'LOG:  database system is ready to accept connections', [
      'POSTGRES_PASSWORD',
      'POSTGRES_HOST_AUTH_METHOD',
    ]),
  ),
  database('mongo', 'mongod', 27017, server(27017, 'Waiting for connections')),
  database('memcached', 'memcached', 11211, server(11211, 'server listening')),
];
