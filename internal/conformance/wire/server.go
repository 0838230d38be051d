package wire

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"time"
)

// A Server serves a handler on two listeners of the loopback interface, one
// plain and one with TLS, and knows where the requests are.
type Server struct {
	plain, secure net.Listener
	server        *http.Server
	watch
}

// NewServer starts serving. Panics of the handler are not logged.
func NewServer(h http.Handler) (*Server, error) {
	certificate, err := selfSigned()
	if err != nil {
		return nil, err
	}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	secure, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, plain.Close())
	}
	s := &Server{
		plain:  plain,
		secure: secure,
	}
	s.server = &http.Server{
		Handler:           s.around(h),
		ErrorLog:          log.New(io.Discard, "", 0),
		ReadHeaderTimeout: Patience,
		// The reference's server has no answer of its own to OPTIONS *.
		DisableGeneralOptionsHandler: true,
		TLSConfig:                    &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"http/1.1"}},
	}
	go func() { _ = s.server.Serve(plain) }()
	go func() { _ = s.server.ServeTLS(secure, "", "") }()
	return s, nil
}

// Close ends all connections and waits for the handlers to return.
func (s *Server) Close() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = s.server.Shutdown(ctx)
	_ = s.server.Close()
	Await(Patience, s.empty)
}

// URL returns the address of the plain listener.
func (s *Server) URL() string { return "http://" + s.plain.Addr().String() }

func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		DNSNames:     []string{"app.test"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
