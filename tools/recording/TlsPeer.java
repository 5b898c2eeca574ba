import java.io.FileInputStream;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * One end of a TLS connection on JSSE, for recordings. Trusts everybody, offers what it is told to.
 *
 * <p>TlsPeer server|client key=value ...: host, port, protocols, suites (comma lists), keystore, clientauth (need, want),
 * sni, connections, order (server: its own preference counts), timeout (ms).
 */
public final class TlsPeer {
    public static void main(String[] words) throws Exception {
        Map<String, String> o = new HashMap<>();
        for (int i = 1; i < words.length; i++) {
            int at = words[i].indexOf('=');
            o.put(words[i].substring(0, at), words[i].substring(at + 1));
        }
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys(o.get("keystore")), new TrustManager[] {new TrustEverybody()}, new SecureRandom());
        int connections = Integer.parseInt(o.getOrDefault("connections", "1"));
        if (words[0].equals("server")) {
            serve(context, o, connections);
        } else {
            for (int i = 0; i < connections; i++) {
                connect(context, o);
            }
        }
    }

    private static KeyManager[] keys(String file) throws Exception {
        if (file == null) {
            return new KeyManager[0];
        }
        char[] password = "secret".toCharArray();
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = new FileInputStream(file)) {
            store.load(in, password);
        }
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, password);
        return factory.getKeyManagers();
    }

    private static void serve(SSLContext context, Map<String, String> o, int connections) throws Exception {
        SSLServerSocket server = (SSLServerSocket) context.getServerSocketFactory().createServerSocket();
        server.setReuseAddress(true);
        if (o.containsKey("protocols")) {
            server.setEnabledProtocols(o.get("protocols").split(","));
        }
        if (o.containsKey("suites")) {
            server.setEnabledCipherSuites(o.get("suites").split(","));
        }
        if ("server".equals(o.get("order"))) {
            SSLParameters parameters = server.getSSLParameters();
            parameters.setUseCipherSuitesOrder(true);
            server.setSSLParameters(parameters);
        }
        server.setNeedClientAuth("need".equals(o.get("clientauth")));
        if ("want".equals(o.get("clientauth"))) {
            server.setWantClientAuth(true);
        }
        server.bind(new InetSocketAddress(o.get("host"), Integer.parseInt(o.get("port"))));
        for (int i = 0; i < connections; i++) {
            try (SSLSocket socket = (SSLSocket) server.accept()) {
                socket.startHandshake();
                socket.getInputStream().read(new byte[1024]);
                socket.getOutputStream().write("HTTP/1.1 204 No Content\r\n\r\n".getBytes());
            } catch (java.io.IOException e) {
                System.err.println("server: " + e.getMessage());
            }
        }
    }

    private static void connect(SSLContext context, Map<String, String> o) throws Exception {
        Socket plain = new Socket(o.get("host"), Integer.parseInt(o.get("port")));
        plain.setSoTimeout(Integer.parseInt(o.getOrDefault("timeout", "10000")));
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, o.get("host"), plain.getPort(), true)) {
            if (o.containsKey("protocols")) {
                socket.setEnabledProtocols(o.get("protocols").split(","));
            }
            if (o.containsKey("suites")) {
                socket.setEnabledCipherSuites(o.get("suites").split(","));
            }
            if (o.containsKey("sni")) {
                SSLParameters parameters = socket.getSSLParameters();
                parameters.setServerNames(List.of(new SNIHostName(o.get("sni"))));
                socket.setSSLParameters(parameters);
            }
            socket.startHandshake();
            socket.getOutputStream().write("GET /simservs.ngn.etsi.org/ HTTP/1.1\r\n\r\n".getBytes());
            socket.getInputStream().read(new byte[1024]);
        } catch (java.io.IOException e) {
            System.err.println("client: " + e.getMessage());
        }
    }

    private static final class TrustEverybody implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
