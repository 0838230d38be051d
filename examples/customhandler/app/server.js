// The program that runs the functions. Hello gets live requests, for it has an
// httpTrigger and an http output and nothing else; Orders has a queue beside
// them and gets a description of the request.
const http = require('http');

const read = (req) => new Promise((resolve, reject) => {
  let text = '';
  req.setEncoding('utf8');
  req.on('data', (part) => { text += part; });
  req.on('end', () => resolve(text));
  req.on('error', reject);
});

const server = http.createServer(async (req, res) => {
  const path = new URL(req.url, 'http://localhost').pathname;
  if (path.startsWith('/api/hello')) {
    const text = await read(req);
    res.setHeader('Content-Type', 'text/plain; charset=utf-8');
    res.end(`Hello from node, ${decodeURIComponent(path.split('/')[3] || text || 'you')}\n`);
    return;
  }
  if (path === '/Orders' && req.method === 'POST') {
    const { Data } = JSON.parse(await read(req));
    const order = Data.req.Params.id;
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify({
      Outputs: { res: { statusCode: 201, headers: { Location: `/api/orders/${order}` }, body: { order: Number(order) } } },
      Logs: [`order ${order} taken`],
    }));
    return;
  }
  res.statusCode = 404;
  res.end();
});

server.listen(process.env.FUNCTIONS_CUSTOMHANDLER_PORT, '127.0.0.1', () => console.log('node is listening'));
