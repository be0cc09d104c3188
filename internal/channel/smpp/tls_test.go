package smpp

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"
)

// makeCertificate is a certificate for an address, signed by itself, and its PEM.
func makeCertificate(ip string) (tls.Certificate, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IPAddresses: []net.IP{net.ParseIP(ip)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, string(text), nil
}

func TestTLS(t *testing.T) {
	certificate, authority := selfSigned(t)
	listen := func() *carrier {
		l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
		if err != nil {
			t.Fatal(err)
		}
		return carrierOn(t, l, nil)
	}
	t.Run("a carrier with the named authority is trusted", func(t *testing.T) {
		l := listen().open(map[string]string{"tls": "true", "tls_ca": authority})
		if _, err := l.Send(context.Background(), text("+15552223333", "hello")); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a carrier that cannot prove who it is gets no password", func(t *testing.T) {
		c := listen()
		l := c.open(map[string]string{"tls": "true"})
		f := failureOf(t, func() error { _, err := l.Send(context.Background(), text("+15552223333", "hello")); return err }())
		if f.Code != "not_connected" || c.binds != 0 {
			t.Errorf("failure %v after %d logins", f, c.binds)
		}
	})
}
