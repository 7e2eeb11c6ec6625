"""Callers of the partner API: two keys for a company, and the few verbs that its tests need."""

from harness import Client, file_part, form, mooring, text_part

BASE = "/api/v1/partner/asset"


def new_key(server, kind, company):
    owner = ["--owner", "developer@example.com"] if kind == "developer" else []
    done = mooring("key", "create", "--data", server.data, "--kind", kind, "--company", company,
                   "--name", "test", *owner)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Partner(Client):
    """A caller with both keys of `company`, made while the server runs."""

    def __init__(self, server, company):
        super().__init__(server, None)
        self.company = company
        self.partner_key = new_key(server, "partner", company)
        self.developer_key = new_key(server, "developer", company)
        self.session.headers["x-api-key"] = self.partner_key
        self.session.headers["Authorization"] = self.developer_key

    def upload(self, content, *, access="public", filename="a.bin", content_type=None, **fields):
        """POST of a form; the fields come before the file, those that are None not at all."""
        parts = [text_part(name, text if isinstance(text, bytes) else text.encode())
                 for name, text in fields.items() if text is not None]
        return self.upload_form([*parts, file_part(content, filename, content_type)], access)

    def upload_form(self, parts, access="public"):
        body, header = form(parts)
        return self.post(f"{BASE}/upload/{access}", data=body, headers={"Content-Type": header})

    def new(self, content, **options):
        answer = self.upload(content, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def asset(self, key, **options):
        return self.get(f"{BASE}/{key}", **options)
