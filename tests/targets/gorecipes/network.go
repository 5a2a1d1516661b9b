// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// handler answers with what the path says.
func handler(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/slow":
		time.Sleep(nap)
	case "/missing":
		http.NotFound(w, r)
		return
	case "/moved":
		http.Redirect(w, r, "/ok", http.StatusFound)
		return
	case "/silent": // neither a header nor a body: 200
		return
	case "/taken": // HTTP/2 lets nobody take a connection
		if hijacker, is := w.(http.Hijacker); is {
			conn, _, err := hijacker.Hijack()
			check(err)
			io.WriteString(conn, "HTTP/1.1 202 Accepted\r\nConnection: close\r\n\r\n")
			conn.Close()
			return
		}
	case "/early":
		if strings.HasPrefix(r.Proto, "HTTP/2") {
			w.WriteHeader(http.StatusEarlyHints)
		}
		w.WriteHeader(http.StatusTeapot)
	case "/rewritten":
		r.URL.Path = "/elsewhere"
	}
	io.WriteString(w, "hello")
}

func certificate() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	data, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	check(err)
	return tls.Certificate{Certificate: [][]byte{data}, PrivateKey: key}
}

func listen(address string) net.Listener {
	listener, err := net.Listen("tcp", address)
	check(err)
	return listener
}

// refusing is an address where nobody listens.
func refusing() string {
	listener := listen("127.0.0.1:0")
	defer listener.Close()
	return listener.Addr().String()
}

// get says what came of a request.
func get(client *http.Client, method, url string) {
	request, err := http.NewRequest(method, url, strings.NewReader(""))
	check(err)
	response, err := client.Do(request)
	if err != nil {
		fmt.Println("client", method, url, "error")
		return
	}
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
	fmt.Println("client", method, url, response.Proto, response.StatusCode)
}

func client() {
	listener := listen("127.0.0.1:0")
	go http.Serve(listener, http.HandlerFunc(handler))
	base := "http://" + listener.Addr().String()
	get(http.DefaultClient, "GET", base+"/ok")
	get(http.DefaultClient, "GET", base+"/ok?q=1")
	get(http.DefaultClient, "POST", base+"/missing")
	get(http.DefaultClient, "GET", base+"/moved")
	get(http.DefaultClient, "GET", base+"/slow")
	get(http.DefaultClient, "GET", "http://"+refusing()+"/ok")
}

// server answers the same requests by HTTP/1.1 and by HTTP/2.
func server() {
	listener := listen("127.0.0.1:0")
	configuration := &tls.Config{Certificates: []tls.Certificate{certificate()}}
	web := http.Server{Handler: http.HandlerFunc(handler), TLSConfig: configuration}
	go web.ServeTLS(listener, "", "")
	for _, isTwo := range []bool{false, true} {
		client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: isTwo,
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse
			}}
		for _, path := range []string{"/ok", "/ok", "/slow", "/missing", "/moved", "/silent", "/rewritten",
			"/early", "/taken"} {
			get(client, "GET", "https://"+listener.Addr().String()+path)
		}
		get(client, "POST", "https://"+listener.Addr().String()+"/ok")
	}
}

// secrets makes connections of TLS 1.2 and 1.3, and prints the key log that both ends write.
func secrets() {
	var log bytes.Buffer
	var group sync.WaitGroup
	listener := listen("127.0.0.1:0")
	accepting := &tls.Config{Certificates: []tls.Certificate{certificate()}}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		group.Add(1)
		go func() {
			conn, err := listener.Accept()
			check(err)
			io.Copy(conn, tls.Server(conn, accepting))
			conn.Close()
			group.Done()
		}()
		conn, err := tls.Dial("tcp", listener.Addr().String(), &tls.Config{
			InsecureSkipVerify: true, MaxVersion: version, KeyLogWriter: &log})
		check(err)
		conn.Write([]byte("secret"))
		conn.Close()
		group.Wait()
	}
	os.Stdout.Write(log.Bytes())
}

// dial connects by IPv4 and, where the machine has it, by IPv6, and to where it is refused.
func dial() {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		conn, err := net.Dial("tcp", listener.Addr().String())
		check(err)
		fmt.Println("dialled", conn.RemoteAddr())
		conn.Close()
	}
	address := refusing()
	_, err := net.Dial("tcp", address)
	fmt.Println("refused", address, err != nil)
}
