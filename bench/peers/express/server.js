// Express with multer as their documentation shows them: one process, files on disk, JSON back.
// Arguments: the directory for files, the port. Prints one line when it answers.
const express = require('express');
const multer = require('multer');

const [directory, port] = process.argv.slice(2);
const app = express();
const upload = multer({ dest: directory });

app.post('/upload', upload.single('file'), (request, response) => {
  response.status(201).json({ name: request.file.filename, size: request.file.size });
});
app.use('/files', express.static(directory));

const server = app.listen(Number(port), '127.0.0.1', () => {
  console.log(`ready on http://127.0.0.1:${server.address().port}`);
});
