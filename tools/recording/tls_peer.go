// One end of a TLS connection on Go's crypto/tls, for recordings. It trusts everybody.
//
// tls_peer server ADDRESS CERT KEY MIN MAX | client ADDRESS NAME CONNECTIONS MIN MAX; versions as 1.2 and 1.3
package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"
)

var versions = map[string]uint16{"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(c net.Conn) {
	defer c.Close()
	request := make([]byte, 1024)
	if _, err := c.Read(request); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		return
	}
	c.Write([]byte("HTTP/1.1 204 No Content\r\n\r\n"))
	c.Read(request)
}

func server(address, cert, key string, config *tls.Config) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	must(err)
	config.Certificates = []tls.Certificate{pair}
	listener, err := tls.Listen("tcp", address, config)
	must(err)
	for {
		c, err := listener.Accept()
		must(err)
		go serve(c)
	}
}

func client(address, name string, config *tls.Config, connections int) {
	config.ServerName, config.InsecureSkipVerify = name, true
	config.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	for i := 0; i < connections; i++ {
		c, err := tls.Dial("tcp", address, config)
		must(err)
		fmt.Fprintf(c, "GET /simservs.ngn.etsi.org/ HTTP/1.1\r\nHost: %s\r\n\r\n", name)
		c.Read(make([]byte, 1024))
		c.Close()
		time.Sleep(100 * time.Millisecond)
	}
}

func main() {
	w := os.Args[1:]
	config := &tls.Config{MinVersion: versions[w[len(w)-2]], MaxVersion: versions[w[len(w)-1]]}
	if w[0] == "server" {
		server(w[1], w[2], w[3], config)
		return
	}
	connections, err := strconv.Atoi(w[3])
	must(err)
	client(w[1], w[2], config, connections)
}
