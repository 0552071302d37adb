"""The certificate of one capture, for people: what, when, from where, who vouches for it, and how to check that."""

from archiver.certificate.facts import Certificate, certificate
from archiver.certificate.page import page

__all__ = ["Certificate", "certificate", "page"]
