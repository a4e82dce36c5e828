/** Starts Tomcat 10 with its WebDAV servlet. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startDavProgram, type DavServer } from './dav-program.js';
import { requireProgram } from './packages.js';

/** The archive with the class that starts Tomcat. */
export const tomcatBootstrap = '/usr/share/tomcat10/bin/bootstrap.jar';

/**
 * Starts Tomcat with its WebDAV servlet only. Tomcat does not scan JAR files for other servlets, because the scan takes
 * seconds.
 */
export function startTomcat(): Promise<DavServer> {
  const command = requireProgram('java');
  const bootstrap = requireProgram(tomcatBootstrap);
  return startDavProgram('tomcat', (port, scratch) => {
    const application = path.join(scratch, 'webapps', 'ROOT');
    for (const folder of ['conf', 'logs', 'temp', 'work']) mkdirSync(path.join(scratch, folder));
    mkdirSync(path.join(application, 'WEB-INF'), { recursive: true });
    mkdirSync(path.join(application, 'dav'));
    writeFileSync(path.join(scratch, 'conf', 'server.xml'), serverXml(port));
    writeFileSync(path.join(scratch, 'conf', 'catalina.properties'), properties);
    writeFileSync(path.join(application, 'WEB-INF', 'web.xml'), webXml);
    const home = path.dirname(path.dirname(bootstrap));
    const classPath = [bootstrap, path.join(home, 'bin', 'tomcat-juli.jar')].join(path.delimiter);
    const settings = [`-Dcatalina.home=${home}`, `-Dcatalina.base=${scratch}`, `-Djava.io.tmpdir=${scratch}/temp`];
    const quick = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto'];
    return {
      command,
      args: [...quick, ...settings, '-cp', classPath, 'org.apache.catalina.startup.Bootstrap', 'start'],
      root: '/dav/',
      files: path.join(application, 'dav'),
    };
  });
}

/**
 * Returns Tomcat's configuration. It allows escaped slashes, and as many of the characters that RFC 3986 forbids as
 * Tomcat supports.
 */
function serverXml(port: number): string {
  return `
<Server port="-1"><Service name="Catalina">
<Connector port="${port}" address="127.0.0.1" protocol="HTTP/1.1" URIEncoding="UTF-8" maxPostSize="-1"
 encodedSolidusHandling="decode" relaxedPathChars='[]|{}^&#x60;"&lt;>\\'/>
<Engine name="Catalina" defaultHost="localhost">
<Host name="localhost" appBase="webapps" unpackWARs="false" autoDeploy="false">
<Context path="" docBase="ROOT"><JarScanner scanClassPath="false" scanManifest="false"/></Context>
</Host></Engine></Service></Server>
`;
}

const properties = `
common.loader="\${catalina.home}/lib","\${catalina.home}/lib/*.jar"
tomcat.util.scan.StandardJarScanFilter.jarsToSkip=*.jar
`;

const webXml = `
<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="5.0" metadata-complete="true">
<servlet><servlet-name>webdav</servlet-name><servlet-class>org.apache.catalina.servlets.WebdavServlet</servlet-class>
<init-param><param-name>listings</param-name><param-value>true</param-value></init-param>
<init-param><param-name>readonly</param-name><param-value>false</param-value></init-param></servlet>
<servlet-mapping><servlet-name>webdav</servlet-name><url-pattern>/*</url-pattern></servlet-mapping>
</web-app>
`;
